"""What an actor takes and gives: its typed ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from typing_extensions import TypeVar

from pipeline.frames import Frame, Health, SessionEnded, SessionOpened

SUPERVISOR = "supervisor"
"""Name under which the root process publishes, like any actor."""

FrameT_co = TypeVar("FrameT_co", bound=Frame, default=Any, covariant=True)
"""Covariant, so that ports of different types can stand in one table."""


@dataclass(frozen=True)
class In:
    """An input port: frame types taken, and what to drop.

    Attributes:
        types: Frame classes this port understands; left out, those of the handler's type hint.
        max_age_ms: Frames captured longer ago than this are dropped and counted; None keeps all.
        newest: Of the frames waiting, only the newest is taken; the others are counted.
        replay: Ask for what the producer retained, so that a restart misses nothing. Retained
            frames do not expire: they are old on purpose.
        required: The config must connect it.
    """

    types: tuple[type[Frame], ...] = ()
    max_age_ms: float | None = None
    newest: bool = False
    replay: bool = False
    required: bool = True


@dataclass(frozen=True)
class Out(Generic[FrameT_co]):
    """An output port: frame types given, and what is kept for consumers that come late.

    Written in the body of an actor's class, `speech: Out[SpeechStarted | SpeechEnded]` declares
    the port `speech`, and `self.speech.publish(frame)` sends on it.

    Attributes:
        types: Frame classes this port may carry; left out, those of the annotation.
        retain_s: Seconds of frames kept for restarted consumers.
        retain_closed_s: Of these the seconds that a frame is kept once its turn is closed; None:
            that changes nothing. The actor must have an input for `TurnClosed`.
        retain_last: Keep the newest frame of each session, whatever its age.
        rate_hz: Frames a second to expect once it has begun. When it goes silent, a warning in the
            log and the gauge `<port>.silent`, in s, tell of it. 0 for what comes when it comes.
            Where options decide the rate, the actor's `rates_hz` says it.
    """

    types: tuple[type[FrameT_co], ...] = ()
    retain_s: float = 0.0
    retain_closed_s: float | None = None
    retain_last: bool = False
    rate_hz: float = 0.0
    send: Callable[[Frame], None] | None = field(default=None, repr=False, compare=False)
    """How the actor that has it sends on it; the class's own has none."""

    def publish(self, frame: FrameT_co) -> None:  # type: ignore[misc]
        """Send a frame on this port; never blocks."""
        if self.send is None:
            raise RuntimeError("this port is the class's: publish on that of an actor")
        self.send(frame)


@dataclass(frozen=True)
class StreamRef:
    """An output port of a named actor, written `actor.port`."""

    actor: str
    port: str

    @classmethod
    def parse(cls, text: str) -> StreamRef:
        """Parse `actor.port`.

        Raises:
            ValueError: there is not exactly one dot with a name on both sides.
        """
        actor, dot, port = text.partition(".")
        if not (dot and actor and port) or "." in port:
            raise ValueError(f"{text!r} is not written actor.port, like microphone.audio")
        return cls(actor, port)

    def __str__(self) -> str:
        return f"{self.actor}.{self.port}"


HEALTH = Out((Health,), retain_last=True)
"""Every actor has a port `health`."""
SESSIONS = Out((SessionOpened, SessionEnded), retain_last=True)
"""Every actor has a port `sessions`, to open and end those that it brings; the supervisor's has
all that are open."""
IMPLICIT_OUTPUTS: Mapping[str, Out] = {"health": HEALTH, "sessions": SESSIONS}
"""Ports that every actor has without saying so."""
