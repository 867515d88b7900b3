"""Stream positions: samples of a live stream on the pipeline's clock."""

from __future__ import annotations

from actors.lib.audio.pcm import samples_to_ns


class Timeline:
    """Counts samples, from where the clock says a stream begins.

    Position 0 is the start of the pipeline. Within a stream samples are contiguous, whatever the
    clock of the device; when a stream begins anew, after a restart or an unplugging, the time
    that was lost is a gap. It never goes back.
    """

    def __init__(self, started_ns: int, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.position = 0
        self._started_ns = started_ns
        self._anchored = False

    def lose(self) -> None:
        """The stream broke off: the next block says anew where it is."""
        self._anchored = False

    def advance(self, count: int, first_ns: int) -> int:
        """Return the position of a block of `count` samples that begins at `first_ns`."""
        if not self._anchored:
            self._anchored = True
            by_clock = max(0, first_ns - self._started_ns) * self.rate_hz // 10**9
            self.position = max(self.position, by_clock)
        position = self.position
        self.position += count
        return position

    def drift_ms(self, now_ns: int) -> float:
        """Return how far the clock is ahead of the samples counted."""
        counted_ns = samples_to_ns(self.position, self.rate_hz)
        return (now_ns - self._started_ns - counted_ns) / 1e6
