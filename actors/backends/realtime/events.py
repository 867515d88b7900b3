"""What a service says, whoever the vendor: small events, in the order in which they count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from actors.backends.answer import Tokens
from pipeline.frames import Side

DEFAULT_RATE_HZ = 24_000
"""Of answers: what the services send unless they say otherwise."""


@dataclass(frozen=True, slots=True)
class AnswerChunk:
    """PCM16 mono of the answer."""

    pcm: bytes
    rate_hz: int = DEFAULT_RATE_HZ


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of a transcript."""

    side: Side
    text: str
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The answer in progress was given up."""


@dataclass(frozen=True, slots=True)
class GenerationComplete:
    """No more audio comes in this answer."""


@dataclass(frozen=True, slots=True)
class StepComplete:
    """What the model had to say for now has been played; it goes on by itself, or with the result
    of a function."""


@dataclass(frozen=True, slots=True)
class TurnComplete:
    """The model is done and waits for the user; `broken` says why its answer is not whole."""

    broken: str = ""


@dataclass(frozen=True, slots=True)
class CallRequested:
    """The model wants a function called."""

    call_id: str
    name: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallsCancelled:
    """Results of these calls are no longer wanted."""

    call_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoAway:
    """The server will close the connection."""

    time_left_s: float


@dataclass(frozen=True, slots=True)
class HandleIssued:
    """The session can be resumed with `handle`; None: not at this point."""

    handle: str | None


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Setup is confirmed."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The connection is gone, or could not be made."""

    reason: str
    drop_handle: bool = False
    """The handle is of no use any more."""


@dataclass(frozen=True, slots=True)
class LinkGone:
    """There will be no connection soon."""

    reason: str


@dataclass(frozen=True, slots=True)
class Connecting:
    """There may be a connection soon."""


LinkChange = LinkUp | LinkDown | LinkGone | Connecting
"""What becomes of the connection; said by whoever keeps it, not by a vendor."""
Event = (
    AnswerChunk
    | Said
    | Interrupted
    | GenerationComplete
    | StepComplete
    | TurnComplete
    | CallRequested
    | CallsCancelled
    | Tokens
    | GoAway
    | HandleIssued
)
"""One thing that a service says."""
