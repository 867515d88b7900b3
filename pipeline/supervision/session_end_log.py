"""Rate-limited log of sessions that ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from pipeline.frames import SessionEnded
from pipeline.logs import Logger, lines_about

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

    def add(self, ended: SessionEnded, labels: Mapping[str, str]) -> None:
        """Log the end of a session, or count it if there were too many lately.

        Args:
            ended: What the supervisor says of it.
            labels: What lines of the log say of the session, its name among it.
        """
        now_s = time.monotonic()
        while self._logged_s and now_s - self._logged_s[0] > WITHIN_S:
            self._logged_s.popleft()
        if len(self._logged_s) >= LINES:
            self._left_out += 1
            return
        self._logged_s.append(now_s)
        left_out, self._left_out = self._left_out, 0
        others = {"and_others": left_out} if left_out else {}
        with lines_about(labels):
            self._log.warning(
                "a session ended", how=ended.reason.value, because=ended.detail, **others
            )
