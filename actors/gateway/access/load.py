"""Whether this machine can serve another caller: how late the event loop is."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque

LOOK_S = 0.25
"""Between two looks at the clock."""
LOOKS = 8
"""Two seconds of them: to start a session or to open a picture takes a moment, and is no load."""
MOST_LATE_S = 0.1
"""Five blocks of sound, and five times what a block may take on its way (20 ms). With 60 callers on
two cores the loop is some 10 ms late, with 100, whom the two cannot serve, some hundreds."""
FREE_AGAIN_S = 10
"""When to try again: conversations end all the time."""


class Load:
    """Looks at the clock, and sees how late it does."""

    def __init__(self) -> None:
        self._late_s: deque[float] = deque(maxlen=LOOKS)

    @property
    def late_s(self) -> float:
        """By how much the loop is late, more often than not in the last two seconds."""
        return statistics.median(self._late_s) if len(self._late_s) == LOOKS else 0.0

    @property
    def is_too_high(self) -> bool:
        """Whether those who are served now are served late."""
        return self.late_s > MOST_LATE_S

    def add(self, late_s: float) -> None:
        """Note how late a look was."""
        self._late_s.append(late_s)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            due_s = time.monotonic() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self.add(time.monotonic() - due_s)
