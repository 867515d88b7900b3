"""Rush: whether a producer sends so much that what is done for each frame counts. Pure."""

from __future__ import annotations

BUSY_HZ = 400.0
"""Frames a second from which on it is one: the sound of eight callers. One session never gets there
but in a burst."""
LOOK_S = 0.1
"""Over which frames are counted."""
BUSY_COUNT = BUSY_HZ * LOOK_S
"""Fewer are no rush, in whatever time they came."""


class Rush:
    """Counts the frames of one producer; times in seconds.

    Args:
        now_s: Any clock that does not go back.
    """

    def __init__(self, now_s: float) -> None:
        self._counted = 0
        self._since_s = now_s
        self.is_on = False
        """So many are sent."""

    def note(self, now_s: float) -> None:
        """A frame is about to be sent."""
        self._counted += 1
        if self._counted < BUSY_COUNT and not self.is_on:
            return
        elapsed_s = now_s - self._since_s
        if elapsed_s >= LOOK_S:
            self.is_on = self._counted >= BUSY_HZ * elapsed_s
            self._counted, self._since_s = 0, now_s
