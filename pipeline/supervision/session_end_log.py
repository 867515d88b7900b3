"""Lines of the log about sessions that ended, of a flood only the first."""

from __future__ import annotations

import time
from collections import deque

from pipeline.frames import SessionEnded
from pipeline.logs import Logger

LINES = 20
"""So many ends of sessions have a line each within `WITHIN_S`: a screenful. Of a flood the others
are counted in the next line."""
WITHIN_S = 10.0


class SessionEndLog:
    """Logs why sessions ended."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._logged_s: deque[float] = deque()
        self._left_out = 0

    def add(self, ended: SessionEnded) -> None:
        """Log the end of a session, or count it if there were too many lately."""
        now_s = time.monotonic()
        while self._logged_s and now_s - self._logged_s[0] > WITHIN_S:
            self._logged_s.popleft()
        if len(self._logged_s) >= LINES:
            self._left_out += 1
            return
        self._logged_s.append(now_s)
        left_out, self._left_out = self._left_out, 0
        self._log.warning(
            "a session ended",
            session=ended.session,
            how=ended.reason.value,
            because=ended.detail,
            **({"and_others": left_out} if left_out else {}),
        )
