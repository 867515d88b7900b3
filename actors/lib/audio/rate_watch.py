"""The rate at which a device really gives samples: some drivers say another."""

from __future__ import annotations

WINDOW_S = 5.0
"""Blocks come up to 0.2 s late on a busy machine: 4 % of it."""
OFF = 0.1
"""A clock is off by at most 0.1 %, the nearest rates are 8 % apart. What is between is a window
with a stall in it."""
ALIKE = 0.03
"""Two windows in a row that differ by less are no accident."""
RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000)
"""Those of sound chips."""


class RateWatch:
    """Counts samples against the clock."""

    def __init__(self) -> None:
        self._begin(0, 0)

    def _begin(self, said_hz: int, now_ns: int) -> None:
        self._said_hz = self._real_hz = said_hz
        self._begun_ns = now_ns
        self._samples = 0
        self._measured_hz = 0.0

    @property
    def problem(self) -> str:
        """What is wrong, for people; empty if nothing is."""
        if self._real_hz == self._said_hz:
            return ""
        return f"it gives {self._real_hz} samples a second where its driver says {self._said_hz}"

    def judge(self, count: int, said_hz: int, now_ns: int) -> int:
        """Return the real rate of a block of `count` samples that came at `now_ns`."""
        if said_hz != self._said_hz:
            self._begin(said_hz, now_ns)
            return said_hz
        self._samples += count
        lasted_s = (now_ns - self._begun_ns) / 1e9
        if lasted_s >= WINDOW_S:
            self._end_window(self._samples / lasted_s)
            self._begun_ns, self._samples = now_ns, 0
        return self._real_hz

    def _end_window(self, measured_hz: float) -> None:
        before_hz, self._measured_hz = self._measured_hz, measured_hz
        if abs(measured_hz - before_hz) > ALIKE * before_hz:
            return
        if abs(measured_hz - self._real_hz) <= OFF * self._real_hz:
            return
        nearest_hz = min(RATES_HZ, key=lambda rate: abs(rate - measured_hz))
        if abs(nearest_hz - measured_hz) <= ALIKE * nearest_hz:
            self._real_hz = nearest_hz
