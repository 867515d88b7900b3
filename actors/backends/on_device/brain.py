"""What to do about the words of a turn: pure, and never without an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from actors.backends.on_device.intents import Context, reply
from actors.lib.languages.folding import words_of
from actors.lib.languages.line import Line
from actors.lib.languages.phrases import Phrases
from actors.lib.languages.tags import ENGLISH
from actors.lib.speech.commands import Command, Understood, spoken, understand
from actors.lib.speech.grammar import name_words
from actors.lib.speech.numbers import in_words

MOST_SPOKEN_VALUES = 4
"""Of the response of a tool; nobody can keep more in mind."""
MOST_SPOKEN_CHARACTERS = 200
"""Of an error or a value: about ten seconds of speech."""


@dataclass(frozen=True)
class SayStep:
    """Say this."""

    text: Line


@dataclass(frozen=True)
class CallStep:
    """Have a tool carried out and say what came of it; if it fails, leave out the rest."""

    command: Command


@dataclass(frozen=True)
class ConverseStep:
    """Ask the local language model; say `otherwise` if it does not answer."""

    otherwise: Line


Step = SayStep | CallStep | ConverseStep
Plan = tuple[Step, ...]


def plan(said: str, tools: Iterable[object], context: Context) -> Plan:
    """The steps of an answer to what was said, one at least.

    Args:
        said: As recognised or typed.
        tools: As in `ToolOffer`; what is no tool is passed over.
        context: What else an answer may draw on.
    """
    phrases = context.phrases
    if not words_of(said):
        return (SayStep(phrases.say("not_heard")),)
    understood = _commands(said, tools, phrases)
    if understood.commands:
        calls = tuple(CallStep(command) for command in understood.commands)
        return (*calls, SayStep(Line(understood.lacking))) if understood.lacking else calls
    known = reply(said, context)
    if known is not None:
        return (SayStep(known),)
    if understood.lacking:
        return (SayStep(Line(understood.lacking)),)
    if understood.refused:
        return (SayStep(phrases.say("not_done")),)
    cannot = context.outlook.cannot(phrases)
    return (ConverseStep(cannot),) if context.has_model else (SayStep(cannot),)


def makes_sense(said: str, tools: Iterable[object], phrases: Phrases) -> bool:
    """Whether words are a command, or a question that the device answers by itself."""
    return bool(_commands(said, tools, phrases).commands) or phrases.intent_of(said) is not None


def opening(context: Context) -> Plan:
    """The steps of an answer where nobody asked: the model is to speak first."""
    greeting = context.phrases.say("greeting")
    return (ConverseStep(greeting),) if context.has_model else (SayStep(greeting),)


def outcome(command: Command, response: dict[str, Any], phrases: Phrases) -> Line:
    """What is said when a tool has answered; an `error` in the response is read out."""
    if failed(response):
        return phrases.say("failed", error=_short(response["error"]).rstrip("."))
    if command.asks:
        return _reading(command.tool, response, phrases)
    return phrases.say("done", command=spoken(command.tool, command.arguments))


def _commands(said: str, tools: Iterable[object], phrases: Phrases) -> Understood:
    # Tools have English names, and are spoken to in English.
    return understand(said, tools) if phrases.code == ENGLISH else Understood()


def failed(response: dict[str, Any]) -> bool:
    """Whether a tool reports an error."""
    return bool(response.get("error"))


def _reading(tool: str, response: dict[str, Any], phrases: Phrases) -> Line:
    noun = " ".join(name_words(tool)[1:]) or tool
    values = [
        f"{'' if key == 'result' or len(response) == 1 else ' '.join(name_words(key))} "
        f"{_value(value, phrases)}".strip()
        for key, value in response.items()
        if isinstance(value, str | int | float) and str(value).strip()
    ]
    if not values:
        return phrases.say("no_reading", noun=noun)
    return phrases.say("reading", noun=noun, values=", ".join(values[:MOST_SPOKEN_VALUES]))


def _value(value: str | float, phrases: Phrases) -> str:
    if isinstance(value, bool):
        return phrases.switch["on" if value else "off"]
    if isinstance(value, int | float):
        return in_words(value) if phrases.counts_in_words else f"{value:g}"
    return _short(value)


def _short(value: object) -> str:
    return " ".join(str(value).split())[:MOST_SPOKEN_CHARACTERS]
