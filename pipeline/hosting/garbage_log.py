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
        self._logged_ns: int | None = None

    def add(self, port: str, problem: str) -> None:
        """Something on `port` was dropped."""
        now_ns = time.monotonic_ns()
        if self._logged_ns is not None and now_ns - self._logged_ns <= LOG_EVERY_S * 1e9:
            return
        self._logged_ns = now_ns
        self._log.warning(
            "dropped what is no frame of this schema",
            port=port,
            problem=problem,
            so_far=self._counters["garbage"],
        )
