"""What an actor takes and gives: its typed ports."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.frames import Frame


@dataclass(frozen=True)
class In:
    """An input port: frame types taken, and what to drop.

    Attributes:
        types: Frame classes this port understands.
        max_age_ms: Frames captured longer ago than this are dropped and counted; None keeps all.
        newest: Of the frames waiting, only the newest is taken; the others are counted.
        replay: Ask for what the producer retained, so that a restart misses nothing. Retained
            frames do not expire: they are old on purpose.
        required: The config must connect it.
        relaxed_ms: Frames may wait so long and be read together, unless the actor has called
            `attend` for the port: for a stream that matters only at times. Ten frames read at
            once cost a tenth of the wake-ups.
        together_ms: The same where many sessions come over one stream, attended or not.
    """

    types: tuple[type[Frame], ...]
    max_age_ms: float | None = None
    newest: bool = False
    replay: bool = False
    required: bool = True
    relaxed_ms: float = 0.0
    together_ms: float = 4.0


@dataclass(frozen=True)
class Out:
    """An output port: frame types given, and what is kept for consumers that come late.

    Attributes:
        types: Frame classes this port may carry.
        retain_s: Seconds of frames kept for restarted consumers.
        retain_last: Keep the newest frame of each session, whatever its age.
    """

    types: tuple[type[Frame], ...]
    retain_s: float = 0.0
    retain_last: bool = False


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
