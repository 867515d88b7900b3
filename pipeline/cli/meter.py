"""Stream meter: rate, age and loss of frames. Pure; times in ns."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.frames import Frame
from pipeline.quantile import quantile


@dataclass(frozen=True)
class Reading:
    """A stream in the time since the reading before.

    Attributes:
        rate_hz: Frames a second.
        age_p50_ms: From capture until here, of half of the frames at most; None without frames.
        age_p99_ms: The same, of 99 in 100.
        bytes_per_s: Of payload.
        lost: Frames missing in `seq`, since the beginning.
    """

    rate_hz: float
    age_p50_ms: float | None
    age_p99_ms: float | None
    bytes_per_s: float
    lost: int


@dataclass
class Meter:
    """Measures one stream, from `since_ns` on."""

    since_ns: int
    lost: int = 0
    _ages_ms: list[float] = field(default_factory=list)
    _frames: int = 0
    _bytes: int = 0
    _boot: int = 0
    _next_seq: int = 0

    def on_frame(self, frame: Frame, size: int, now_ns: int) -> None:
        """Note a frame of `size` bytes; a boot of 0 marks a producer that does not count."""
        self._frames += 1
        self._bytes += size
        if frame.origin_ns:
            self._ages_ms.append((now_ns - frame.origin_ns) / 1e6)
        if frame.boot and frame.boot == self._boot:
            self.lost += max(0, frame.seq - self._next_seq)
        self._boot, self._next_seq = frame.boot, frame.seq + 1

    def read(self, now_ns: int) -> Reading:
        """Return what was measured, and begin anew."""
        elapsed_s = max(now_ns - self.since_ns, 1) / 1e9
        ages_ms = sorted(self._ages_ms)
        reading = Reading(
            rate_hz=self._frames / elapsed_s,
            age_p50_ms=percentile(ages_ms, 50),
            age_p99_ms=percentile(ages_ms, 99),
            bytes_per_s=self._bytes / elapsed_s,
            lost=self.lost,
        )
        self.since_ns = now_ns
        self._ages_ms, self._frames, self._bytes = [], 0, 0
        return reading


def percentile(ordered: list[float], percent: int) -> float | None:
    """Return the smallest value that `percent` of them do not exceed (nearest rank)."""
    if not ordered:
        return None
    return quantile(ordered, percent / 100)
