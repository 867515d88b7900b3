"""What happens to the gate."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.frames import ListenAction, ListenMode


class WordHeard(NamedTuple):
    """The wake word was said."""


class ActionAsked(NamedTuple):
    """A key, a pin, a call or a frame asks for something."""

    action: ListenAction


class ModeSet(NamedTuple):
    """Something else is needed from now on."""

    mode: ListenMode


class SpeechBegan(NamedTuple):
    """The turn detection hears somebody speak."""

    turn: str


class SpeechOver(NamedTuple):
    """What was said is complete; `goes_on`: it was only too long for one turn."""

    turn: str
    goes_on: bool = False


class TurnOver(NamedTuple):
    """A turn has its outcome: the answer has been heard, as far as it was."""

    turn: str


class TimePassed(NamedTuple):
    """Nothing happened."""


GateEvent = WordHeard | ActionAsked | ModeSet | SpeechBegan | SpeechOver | TurnOver | TimePassed
