"""Rush: whether so many messages pass that what is done for each of them counts. Pure."""

from __future__ import annotations

from collections.abc import Callable

BUSY_HZ = 400.0
"""Messages a second from which on it is one: the sound of eight callers. One session never gets
there but in a burst."""
LOOK_S = 0.1
"""Over which messages are counted."""
BUSY_COUNT = BUSY_HZ * LOOK_S
"""Fewer are no rush, in whatever time they came."""


class Rush:
    """Counts the messages of one socket.

    Args:
        clock: Seconds that do not go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counted = 0
        self._since_s = clock()
        self.is_on = False
        """So many pass."""

    def note(self, messages: int = 1) -> None:
        """So many have passed."""
        self._counted += messages
        if self._counted < BUSY_COUNT and not self.is_on:
            return
        now_s = self._clock()
        elapsed_s = now_s - self._since_s
        if elapsed_s >= LOOK_S:
            self.is_on = self._counted >= BUSY_HZ * elapsed_s
            self._counted, self._since_s = 0, now_s
