"""What the simulated model answers: deterministic, from what was said and what came before."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from actors.lib.speech.commands import spoken, understand
from actors.simulator.conversation import ConversationEntry
from actors.simulator.grounding import found, is_looked_up

ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}


@dataclass(frozen=True)
class Pictures:
    """Pictures received so far and the size of the newest, in pixels."""

    count: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Speak:
    """Say this; `query` is what was looked up for it."""

    text: str
    query: str = ""


@dataclass(frozen=True)
class CallTool:
    """Call a function."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SpeakOutcome:
    """Say what came of the calls before."""


Step = Speak | CallTool | SpeakOutcome


def answer(
    heard: str,
    functions: list[dict[str, Any]],
    history: list[ConversationEntry],
    pictures: Pictures,
    now: datetime,
    *,
    searches: bool = False,
) -> list[Step]:
    """The steps of an answer to `heard`; `history` ends before it.

    With `searches`, what the model does not know may be looked up.
    """
    if dictated := re.search(r"\bword for word and nothing else: (.+)", heard, re.DOTALL):
        return [Speak(dictated[1])]
    commands = understand(heard, functions).commands
    if commands:
        calls = [CallTool(command.tool, command.arguments) for command in commands]
        return [*calls, SpeakOutcome()]
    known = _known(heard, history, pictures, now)
    if known:
        return [Speak(known)]
    if searches and is_looked_up(heard):
        return [Speak(found(heard), query=heard)]
    return [Speak(f"You said: {heard}")]


def outcome(name: str, args: dict[str, Any], response: Any) -> str:
    """What is said after a function answered; an `error` in the response is read out."""
    if isinstance(response, dict) and response.get("error"):
        return f"That did not work: {response['error']}."
    verb, _, rest = spoken(name, args).partition(" ")
    return f"{_gerund(verb)} {rest}".strip().capitalize() + "."


def progress(name: str, args: dict[str, Any], response: Any) -> str:
    """What is said when a function responded and will respond again."""
    status = response.get("status") if isinstance(response, dict) else None
    done = outcome(name, args, None).removesuffix(".")
    still = f"Still {done[:1].lower()}{done[1:]}"
    return f"{still}: {status}." if status else f"{still}."


def _gerund(verb: str) -> str:
    if re.search(r"[^aeiou]e$", verb):
        return f"{verb[:-1]}ing"
    if re.search(r"[^aeiou][aeiou][bdgmnpt]$", verb):
        return f"{verb}{verb[-1]}ing"
    return f"{verb}ing"


def _known(heard: str, history: list[ConversationEntry], pictures: Pictures, now: datetime) -> str:
    """What the model knows by itself; empty for nothing."""
    said_before = [entry.text for entry in history if entry.role == "user" and entry.text]
    text = heard.casefold()
    if not text.strip():
        return "I did not hear any words."
    if re.search(r"\bwhat time\b|\bwhat('s| is) the time\b", text):
        return f"It is {now:%H:%M}."
    if re.search(r"\bwhat (do|can) you see\b|\bin the picture\b", text):
        return _seen(pictures)
    if re.search(r"\bdid (it|that) work\b|\bwhat came of (it|that)\b", text):
        told = [entry.text for entry in history if entry.role == "function"]
        return told[-1] if told else "I do not know of anything."
    if re.search(r"\bwhat did i (just )?(say|ask)\b|\bwhat was my (last )?question\b", text):
        return f"Before that you said: {said_before[-1]}" if said_before else "Nothing so far."
    ordinal = re.search(rf"\b({'|'.join(ORDINALS)}) (one|thing|question|sentence)\b", text)
    if ordinal:
        return _ordinal(ordinal[1], said_before)
    return ""


def _seen(pictures: Pictures) -> str:
    if not pictures.count:
        return "I have not received any picture."
    noun = "picture" if pictures.count == 1 else "pictures"
    return (
        f"I have received {pictures.count} {noun}. "
        f"The last one is {pictures.width} by {pictures.height} pixels."
    )


def _ordinal(word: str, said: list[str]) -> str:
    index = ORDINALS[word] - 1
    if index >= len(said):
        return f"There is no {word} one yet."
    return f"The {word} thing you said was: {said[index]}"
