"""Which answers may still be heard."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from pipeline.frames import SpeechStarted

MEMORY_TURNS = 64
"""Turns remembered as closed: far more than can still have audio on its way."""
SAVED_TURNS = 16
"""Of these a successor is told: as many as are answered in what backends retain (30 s), and few
enough to be sent with every heartbeat for each session."""
FOREVER = 2**63 - 1
"""Above any epoch: nothing of the turn is heard again, whoever sends it."""


class BlockAdmission(Enum):
    """What to do with a block of an answer."""

    TAKE = "take"
    STALE_EPOCH = "stale_epoch"
    LATE = "late"
    OVERTAKEN = "overtaken"
    """The user went on speaking, or it was interrupted, before any of it came."""


class Barrier(NamedTuple):
    """The newest speech of the user: nobody wants to hear answers to turns before it any more."""

    position: int
    at_ns: int

    def stands_after(self, turn: str) -> bool | None:
        """Return whether `turn` is older than this speech; None if its name does not tell.

        A spoken turn is named `<session>:<position>`, a typed one `<session>:t<ns>`, an answer
        that nobody asked for `<session>:u<ns>`.
        """
        name = turn.rpartition(":")[2]
        if name.isdecimal():
            return int(name) < self.position
        if name[:1] in ("t", "u") and name[1:].isdecimal():
            return int(name[1:]) < self.at_ns
        return None


class Gate:
    """Remembers the route's epoch, the turns that are closed and the newest barge-in."""

    def __init__(self, resume: Mapping[str, Any]) -> None:
        """Make a gate; `resume` is what `snapshot` of an earlier process said, or empty."""
        self.epoch = 0
        self._closed: dict[str, int] = dict(resume.get("closed", {}))
        barrier = resume.get("barrier")
        self._barrier: Barrier | None = Barrier(*barrier) if barrier else None

    def snapshot(self) -> dict[str, Any]:
        """Return what a successor needs to know."""
        return {
            "closed": dict(list(self._closed.items())[-SAVED_TURNS:]),
            "barrier": list(self._barrier) if self._barrier else None,
        }

    def admit(self, turn: str, epoch: int) -> BlockAdmission:
        """Say whether a block of the answer to a turn, of that epoch, may be heard."""
        if epoch < self.epoch:
            return BlockAdmission.STALE_EPOCH
        if epoch <= self._closed.get(turn, -1):
            return BlockAdmission.LATE
        if self._barrier is not None and self._barrier.stands_after(turn):
            return BlockAdmission.OVERTAKEN
        return BlockAdmission.TAKE

    def close(self, turn: str, up_to_epoch: int = FOREVER) -> None:
        """Let nothing more of the turn through, or nothing up to an epoch."""
        self._closed.pop(turn, None)
        self._closed[turn] = up_to_epoch
        if len(self._closed) > MEMORY_TURNS:
            del self._closed[next(iter(self._closed))]

    def barge_in(self, speech: SpeechStarted) -> Barrier:
        """Let nothing through that answers what was said before `speech`."""
        barrier = Barrier(speech.position, speech.at_ns)
        if self._barrier is None or barrier.position > self._barrier.position:
            self._barrier = barrier
        return barrier
