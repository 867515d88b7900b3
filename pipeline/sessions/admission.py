"""Admission of frames: those of open sessions are let in; those that come early wait. Pure.

A session that has ended may be opened again under its name. Frames take another way than the word
of that, so those sent after the end wait as well.
"""

from __future__ import annotations

import math
from collections import Counter

from pipeline.frames import Frame, SessionEnd, SessionEnded, SessionOpened

HELD_NS = 2_000_000_000
"""How long a frame waits for its session to be opened: the opening takes the way over the
supervisor, some ms, and a supervisor that is busy has been seen to take a second."""
HELD_FRAMES = 256
"""Held of one session: five seconds of sound."""
HELD_IN_ALL = 5000
"""Held of all sessions together: as many as may wait in a socket."""
KEPT_ENDED = 1000
"""Names of ended sessions that are remembered, to tell late frames from early ones."""

Arrival = tuple[str, Frame]
"""Input port and frame."""


class Admission:
    """Holds frames of sessions that are not open yet, and drops those of sessions that are over.

    Args:
        counters: Where drops are counted: `unopened` and `ended`.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._held: dict[str, tuple[int, list[Arrival]]] = {}
        self._held_in_all = 0
        self._ended: dict[str, float] = {}
        """When each end was asked for; never for one that was refused."""

    @property
    def is_holding(self) -> bool:
        """Whether any frame waits."""
        return bool(self._held)

    def hold(self, port: str, frame: Frame, now_ns: int) -> None:
        """Keep a frame whose session is not open, unless it was sent before that ended."""
        name = frame.session
        if frame.sent_ns <= self._ended.get(name, -1):
            self._counters["ended"] += 1
            return
        frames = self._held[name][1] if name in self._held else []
        if len(frames) >= HELD_FRAMES or self._held_in_all >= HELD_IN_ALL:
            self._counters["unopened"] += 1
            return
        self._held.setdefault(name, (now_ns, frames))
        frames.append((port, frame))
        self._held_in_all += 1

    def opened(self, opened: SessionOpened) -> list[Arrival]:
        """Note that a session is open; return what was held of it, oldest first."""
        held = self._pop_held(opened.session)
        if self._ended.pop(opened.session, None) is None:
            return held
        # Who brings it again sends the opening first; what is older is of the session before.
        new = [each for each in held if each[1].sent_ns >= opened.origin_ns]
        self._counters["ended"] += len(held) - len(new)
        return new

    def ended(self, ended: SessionEnded) -> None:
        """Note that a session is over."""
        name = ended.session
        self._counters["ended"] += len(self._pop_held(name))
        refused = ended.reason is SessionEnd.REFUSED
        self._ended[name] = math.inf if refused else ended.origin_ns
        if len(self._ended) > KEPT_ENDED:
            del self._ended[next(iter(self._ended))]

    def expire(self, now_ns: int) -> list[str]:
        """Drop what has waited for too long; return the names that were never opened."""
        late = [name for name, (since, _) in self._held.items() if now_ns - since > HELD_NS]
        for name in late:
            counter = "ended" if name in self._ended else "unopened"
            self._counters[counter] += len(self._pop_held(name))
        return [name for name in late if name not in self._ended]

    def _pop_held(self, name: str) -> list[Arrival]:
        _, frames = self._held.pop(name, (0, []))
        self._held_in_all -= len(frames)
        return frames
