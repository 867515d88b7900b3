"""Commands to tools in what was said: "turn left ninety degrees and go forward two meters"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from actors.lib.speech.clauses import COMMA, pieces_of, sentences_of
from actors.lib.speech.filling import Filled, fill
from actors.lib.speech.grammar import ParameterKind, SpokenTool, name_words, read_tools
from actors.lib.speech.numbers import in_words
from actors.lib.speech.vocabulary import (
    CONDITIONS,
    HEARD_FOR_NUMBERS,
    NOT_A_VERB,
    QUESTION_WORDS,
    REFUSALS,
    SPOKEN_UNITS,
)

Arguments = dict[str, Any]

COURTESY = re.compile(
    r"(?:(?:please|now|then|so|well|ok|okay|hey|um|uh|just|also|next|first|yes|again|finally|let's"
    r"|go ahead and|and|(?:can|could|will|would) you|i(?:'d| would) like you to"
    r"|i (?:want|need) you to|you (?:can|should|must|have to|may)|try to|start to)(?:\s+|$))*"
)
"""What may come before the verb of a command."""


@dataclass(frozen=True)
class Command:
    """A tool and its arguments."""

    tool: str
    arguments: Arguments
    asks: bool = False


@dataclass(frozen=True)
class Understood:
    """What was commanded.

    Attributes:
        commands: In the order in which they were said.
        lacking: What the next command lacks, in words; those after it were left out.
        refused: Something was said not to be done.
    """

    commands: tuple[Command, ...] = ()
    lacking: str = ""
    refused: bool = False


@dataclass
class _Reading:
    commands: list[Command] = field(default_factory=list)
    lacking: str = ""
    last: tuple[SpokenTool, Arguments] | None = None


def understand(text: str, offer: Iterable[object]) -> Understood:
    """The commands in `text` to tools given as JSON Schema (`name`, `parameters`)."""
    tools = read_tools(offer)
    reading = _Reading()
    refused = False
    for tokens in _in_one_breath(list(sentences_of(text)), tools):
        reading.last = None
        if any(token in CONDITIONS for token in tokens):
            continue
        for clause in _clauses(tokens, tools):
            if set(clause) == {"no"}:
                continue
            if any(token in REFUSALS for token in clause):
                refused = refused or _addresses_one(clause, tools)
                break
            if not reading.lacking:
                _read(clause, tools, reading)
    return Understood(tuple(reading.commands), reading.lacking, refused)


def spoken(name: str, arguments: Arguments) -> str:
    """The command in words: `move forward ten meters`."""
    parts = [*name_words(name), *(_spoken(key, value) for key, value in arguments.items())]
    return " ".join(part for part in parts if part)


def _in_one_breath(sentences: list[list[str]], tools: list[SpokenTool]) -> list[list[str]]:
    """Join what a pause has made two sentences of: "Go forward. Ten meters."

    Recognition sets a full stop where the speaker stops to think. It was none if what comes before
    is a command that lacks something, and with what comes after it is whole.
    """
    joined: list[list[str]] = []
    for tokens in sentences:
        both = _with_numbers([*joined[-1], *tokens]) if joined else []
        if both and _fits(joined[-1], tools) is False and _fits(both, tools):
            joined[-1] = [token for token in both if token != COMMA]
        else:
            joined.append(list(tokens))
    return joined


def _with_numbers(tokens: list[str]) -> list[str]:
    """Put the numbers that were meant before units."""
    following = [*tokens[1:], ""]
    return [
        HEARD_FOR_NUMBERS.get(token, token) if unit in SPOKEN_UNITS.values() else token
        for token, unit in zip(tokens, following, strict=True)
    ]


def _fits(tokens: list[str], tools: list[SpokenTool]) -> bool | None:
    """Whether a sentence is a whole command and no word more; None if it is no command at all."""
    best = _best([token for token in tokens if token != COMMA], tools)
    if best is None or any(token in CONDITIONS or token in REFUSALS for token in tokens):
        return None
    return not best[1].complaint and not best[1].unused


def _clauses(tokens: Sequence[str], tools: list[SpokenTool]) -> list[list[str]]:
    """Cut where something new is commanded; a list of rooms stays in one piece."""
    clauses: list[list[str]] = []
    for piece in pieces_of(tokens):
        if clauses and not _addresses_one(piece, tools) and not _elliptical(piece, clauses, tools):
            clauses[-1] += [COMMA, *piece]
        else:
            clauses.append(piece)
    return clauses


def _elliptical(piece: list[str], clauses: list[list[str]], tools: list[SpokenTool]) -> bool:
    """Whether it is a command with the verb left out: "and back three"."""
    before = _Reading()
    _read(clauses[-1], tools, before)
    return before.last is not None and _continued(piece, before.last) is not None


def _read(clause: list[str], tools: list[SpokenTool], reading: _Reading) -> None:
    best = _best(clause, tools)
    if best is not None:
        tool, filled = best
        if filled.complaint:
            if filled.arguments or not filled.unused:
                reading.lacking = _lacking(tool, filled)
            return
        reading.commands.append(Command(tool.name, filled.arguments, tool.asks))
        reading.last = tool, filled.arguments
    elif reading.last is not None:
        arguments = _continued(clause, reading.last)
        if arguments is not None:
            tool = reading.last[0]
            reading.commands.append(Command(tool.name, arguments, tool.asks))
            reading.last = tool, arguments


def _best(clause: list[str], tools: list[SpokenTool]) -> tuple[SpokenTool, Filled] | None:
    """The tool that makes most of the words; a complete command before an incomplete one."""
    fitting = []
    for tool in tools:
        said = _said_to(clause, tool)
        if said is not None:
            fitting.append((tool, fill(said, tool)))
    return max(fitting, key=lambda each: (not each[1].complaint, each[1].used), default=None)


def _lacking(tool: SpokenTool, filled: Filled) -> str:
    if filled.left_over:
        return f"I do not know what to do with {filled.left_over} there."
    return f"To {' '.join(name_words(tool.name))} I need {filled.lacking}."


def _said_to(clause: Sequence[str], tool: SpokenTool) -> list[str] | None:
    """What is said to the tool after its verb; None if the clause is not for it."""
    if not all(_names(clause, each) for each in tool.objects):
        return None
    if tool.asks:
        asking = any(token in QUESTION_WORDS or token in tool.verbs for token in clause)
        return list(clause) if asking and tool.objects else None
    tokens = _without_courtesy(clause)
    if len(tokens) > 1 and tokens[0] not in tool.verbs and tokens[0] not in NOT_A_VERB:
        # A name, or a word that was not recognised, may come before the verb.
        tokens = _without_courtesy(tokens[1:])
    return tokens if tokens and tokens[0] in tool.verbs else None


def _addresses_one(clause: list[str], tools: list[SpokenTool]) -> bool:
    kept = [token for token in clause if token not in REFUSALS and token != "do"]
    return any(_said_to(kept, tool) is not None for tool in tools)


def _names(clause: Sequence[str], noun: str) -> bool:
    return any(token in {noun, f"{noun}s"} or f"{token}s" == noun for token in clause)


def _without_courtesy(clause: Sequence[str]) -> list[str]:
    text = " ".join(clause)
    match = COURTESY.match(text)
    return text[match.end() if match else 0 :].split()


def _continued(clause: list[str], last: tuple[SpokenTool, Arguments]) -> Arguments | None:
    """Arguments for another call of the last tool; all words must belong to them."""
    tool, before = last
    optional = replace(
        tool, objects=(), parameters=tuple(replace(p, required=False) for p in tool.parameters)
    )
    filled = fill(clause, optional)
    if filled.complaint or filled.unused or not filled.arguments:
        return None
    arguments = dict(filled.arguments)
    choices = {p.name for p in tool.parameters if p.kind is ParameterKind.CHOICE}
    if choices and not choices & arguments.keys():
        # "Two meters and three" may as well be a correction.
        return None
    for parameter in tool.parameters:
        if parameter.name in arguments or parameter.name not in before:
            continue
        if parameter.kind.is_amount:
            return None
        arguments[parameter.name] = before[parameter.name]
    return {p.name: arguments[p.name] for p in tool.parameters if p.name in arguments}


def _spoken(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        unit = SPOKEN_UNITS.get(key.rsplit("_", 1)[-1], "")
        return (
            f"{in_words(value)} {unit[:-1] if value == 1 and unit.endswith('s') else unit}".strip()
        )
    return str(value).replace("_", " ")
