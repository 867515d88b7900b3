"""Failure isolation: when failures of sessions add up to a failure of the process. Pure."""

from __future__ import annotations

from collections import deque

FAILURES = 5
"""So many sessions that fail one after the other do not fail by what is theirs."""
WINDOW_NS = 10_000_000_000
"""Within this time: sessions that share a cause meet it within a few turns of a second each."""


class Failures:
    """Counts the sessions whose work raised lately."""

    def __init__(self) -> None:
        self._failed: deque[tuple[int, str]] = deque()

    def record(self, session: str, now_ns: int) -> bool:
        """Note a session that failed; return whether it is one too many for the process."""
        self._failed.append((now_ns, session))
        while now_ns - self._failed[0][0] > WINDOW_NS:
            self._failed.popleft()
        return len({name for _, name in self._failed}) >= FAILURES
