"""What a server tells a provider of telephony to do, in the terms of no protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.cli.calling.happening import Value, What
from actors.lib.audio.pcm import Samples


@dataclass(frozen=True)
class PlaySound:
    """Play this after what was sent before; at the rate of the line."""

    samples: Samples


@dataclass(frozen=True)
class SetMark:
    """Say when what was sent so far is played."""

    name: str
    payload: Any = None
    """What is given back where that is more than a name."""


@dataclass(frozen=True)
class ForgetMarks:
    """No mark is given back; the sound is played on."""


@dataclass(frozen=True)
class ClearLine:
    """Throw away what waits to be played."""


@dataclass(frozen=True)
class PauseLine:
    """Play silence and keep what waits, or go on."""

    paused: bool


@dataclass(frozen=True)
class PlayKeys:
    """Press keys towards the person."""

    keys: str


@dataclass(frozen=True)
class ReportDrained:
    """Say once when nothing waits any more."""


@dataclass(frozen=True)
class ReportStatus:
    """Say how much waits."""


@dataclass(frozen=True)
class EndCall:
    """Hang up."""


@dataclass(frozen=True)
class EndAnswer:
    """What was sent so far is all of an answer: silence behind it is no gap."""


@dataclass(frozen=True)
class Told:
    """The server says something that is neither sound nor an order."""

    what: What
    values: Mapping[str, Value] = field(default_factory=dict)


class WrongMessageError(Exception):
    """A message is not as the provider wants it; the text says how it should be."""


@dataclass(frozen=True)
class WrongMessage:
    """What the real provider refuses, or drops without a word.

    Attributes:
        text: What is wrong, and what is right.
        reply: What the provider says about it, where it does.
        ends: It ends the call.
    """

    text: str
    reply: str | None = None
    ends: bool = False


Order = (
    PlaySound
    | SetMark
    | ForgetMarks
    | ClearLine
    | PauseLine
    | PlayKeys
    | ReportDrained
    | ReportStatus
    | EndCall
    | EndAnswer
    | Told
    | WrongMessage
)
