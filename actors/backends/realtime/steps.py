"""What the exchange wants done; the actor does it."""

from __future__ import annotations

from dataclasses import dataclass

from actors.backends.realtime.calls import Reply
from pipeline.frames import Frame


@dataclass(frozen=True, slots=True)
class StartActivity:
    """Tell the server that the user begins to speak."""


@dataclass(frozen=True, slots=True)
class SendAudio:
    """Send the samples from `start` to `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class EndActivity:
    """Tell the server that the user's turn is complete."""


@dataclass(frozen=True, slots=True)
class EndStream:
    """Tell a server that detects turns itself that the microphone pauses."""


@dataclass(frozen=True, slots=True)
class SendText:
    """Send a typed turn."""

    text: str


@dataclass(frozen=True, slots=True)
class SendReply:
    """Answer a tool call."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Publish:
    """Send a frame on an output port."""

    port: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Proved:
    """A turn was answered: the service works."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """The service gave no sign of life: give up this connection."""

    detail: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Another backend answers what this connection is about to answer: give it up."""


Step = (
    StartActivity
    | SendAudio
    | EndActivity
    | EndStream
    | SendText
    | SendReply
    | Publish
    | Proved
    | Freeze
    | Withdraw
)
"""One thing to do."""
