"""A conversation that is taken up from another pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.frames import SessionOpened


@dataclass(frozen=True)
class TakenUp:
    """How it goes on.

    Attributes:
        manner: As which it is opened.
        position: Where its time line goes on, samples at 16 kHz: behind all that was heard of it.
        done_position: The sound before it belongs to turns that are over, as far as is known.
        done_sound: The same as its client counts the sound that it sends; None: it does not count.
    """

    manner: SessionOpened
    position: int = 0
    done_position: int = 0
    done_sound: int | None = None
