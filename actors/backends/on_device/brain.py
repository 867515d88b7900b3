"""What to do about the words of a turn: pure, and never without an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from actors.backends.on_device.intents import Context, reply
from actors.lib.speech.commands import Command, spoken, understand
from actors.lib.speech.grammar import name_words
from actors.lib.speech.numbers import in_words, words

NOT_HEARD = "I did not understand that. Please say it again."
GREETING = "Hello. How can I help you?"
NOT_DONE = "All right, I will not do that."
MOST_SPOKEN_VALUES = 4
"""Of the response of a tool; nobody can keep more in mind."""
MOST_SPOKEN_CHARACTERS = 200
"""Of an error or a value: about ten seconds of speech."""


@dataclass(frozen=True)
class SayStep:
    """Say this."""

    text: str


@dataclass(frozen=True)
class CallStep:
    """Have a tool carried out and say what came of it; if it fails, leave out the rest."""

    command: Command


@dataclass(frozen=True)
class ConverseStep:
    """Ask the local language model; say `otherwise` if it does not answer."""

    otherwise: str


Step = SayStep | CallStep | ConverseStep
Plan = tuple[Step, ...]


def plan(said: str, tools: Iterable[object], context: Context) -> Plan:
    """The steps of an answer to what was said, one at least.

    Args:
        said: As recognised or typed.
        tools: As in `ToolOffer`; what is no tool is passed over.
        context: What else an answer may draw on.
    """
    plain = " ".join(words(said.replace("\u2019", "'")))
    if not plain:
        return (SayStep(NOT_HEARD),)
    understood = understand(said, tools)
    if understood.commands:
        calls = tuple(CallStep(command) for command in understood.commands)
        return (*calls, SayStep(understood.lacking)) if understood.lacking else calls
    known = reply(plain, context)
    if known is not None:
        return (SayStep(known),)
    if understood.lacking:
        return (SayStep(understood.lacking),)
    if understood.refused:
        return (SayStep(NOT_DONE),)
    cannot = context.outlook.cannot()
    return (ConverseStep(cannot),) if context.has_model else (SayStep(cannot),)


def opening(context: Context) -> Plan:
    """The steps of an answer where nobody asked: the model is to speak first."""
    return (ConverseStep(GREETING),) if context.has_model else (SayStep(GREETING),)


def outcome(command: Command, response: dict[str, Any]) -> str:
    """What is said when a tool has answered; an `error` in the response is read out."""
    if failed(response):
        return f"That did not work: {_short(response['error']).rstrip('.')}."
    if command.asks:
        return _reading(command.tool, response)
    return f"Done: {spoken(command.tool, command.arguments)}."


def failed(response: dict[str, Any]) -> bool:
    """Whether a tool reports an error."""
    return bool(response.get("error"))


def _reading(tool: str, response: dict[str, Any]) -> str:
    noun = " ".join(name_words(tool)[1:]) or tool
    values = [
        f"{'' if key == 'result' or len(response) == 1 else ' '.join(name_words(key))} "
        f"{_value(value)}".strip()
        for key, value in response.items()
        if isinstance(value, str | int | float) and str(value).strip()
    ]
    if not values:
        return f"I have no {noun}."
    return f"The {noun} is {', '.join(values[:MOST_SPOKEN_VALUES])}."


def _value(value: str | float) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return in_words(value) if isinstance(value, int | float) else _short(value)


def _short(value: object) -> str:
    return " ".join(str(value).split())[:MOST_SPOKEN_CHARACTERS]
