"""Silence watch: notices an output port of known rate that gives no frames any more. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


MISSED_FRAMES = 5
"""A network camera that drops two or three frames in a row is no news."""
SHORTEST_SILENCE_S = 1.0
"""A busy machine has been seen to hold up a process for half a second."""


def silent_after_s(rate_hz: float) -> float:
    """Return how long a stream of so many frames a second may give none."""
    return max(SHORTEST_SILENCE_S, MISSED_FRAMES / rate_hz)


class SilenceWatch:
    """Follows how many frames each watched port has given; times in s, from any start.

    A port counts as silent only after its first frame: before that its actor is starting.

    Args:
        rates_hz: Frames a second, by port; 0 for one that speaks when it has something to say.
    """

    def __init__(self, rates_hz: Mapping[str, float]) -> None:
        self._limits = {port: silent_after_s(rate) for port, rate in rates_hz.items() if rate > 0}
        self._known: dict[str, tuple[int, float]] = {}
        self.silent: set[str] = set()

    def look(self, counts: Mapping[str, int], now_s: float) -> tuple[dict[str, float], list[str]]:
        """Return how long each port is overdue, 0 if it is not, and which have just gone silent."""
        gauges: dict[str, float] = {}
        fallen: list[str] = []
        for port, limit_s in self._limits.items():
            count = counts.get(port, 0)
            known, since_s = self._known.get(port, (0, now_s))
            if count != known:
                since_s = now_s
            self._known[port] = (count, since_s)
            is_silent = count > 0 and now_s - since_s >= limit_s
            gauges[port] = round(now_s - since_s, 1) if is_silent else 0.0
            if is_silent and port not in self.silent:
                fallen.append(port)
            (self.silent.add if is_silent else self.silent.discard)(port)
        return gauges, fallen
