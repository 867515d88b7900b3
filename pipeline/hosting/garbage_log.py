"""Log of what came over the bus and is no frame."""

from __future__ import annotations

import time
from collections import Counter

from pipeline.logs import Logger

LOG_EVERY_S = 10.0
"""A flood of broken frames makes one log line in this time."""


class GarbageLog:
    """Writes a line about the first, and at most one in ten seconds about others.

    Args:
        log: The actor's.
        counters: The actor's; what counts as `garbage` there is in the line.
    """

    def __init__(self, log: Logger, counters: Counter[str]) -> None:
        self._log = log
        self._counters = counters
        self._due_s = 0.0

    def add(self, port: str, problem: str) -> None:
        """Something on `port` was dropped."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + LOG_EVERY_S
        self._log.warning(
            "dropped what is no frame of this schema",
            port=port,
            problem=problem,
            so_far=self._counters["garbage"],
        )
