"""The sound of one answer, from what has come to what has been heard."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.frames import AnswerEnd, AnswerEnded

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.frames import AnswerAudio

Samples = NDArray[np.int16]


class Resampler(Protocol):
    """What `soxr.ResampleStream` offers."""

    def resample_chunk(self, x: Samples, last: bool = False) -> Samples:
        """Return what can be said of the output so far."""


class AnswerBuffer:
    """Whole answers, minutes of them, taken out a block at a time without copying the rest.

    Positions are indices into the answer at its own rate, whatever rate it is taken out at.
    """

    def __init__(
        self,
        first: AnswerAudio,
        rate_hz: int,
        make_resampler: Callable[[int, int], Resampler],
        heard: int = 0,
    ) -> None:
        """Make an empty buffer for the answer that `first` belongs to.

        Args:
            first: Any frame of the answer; it is not pushed.
            rate_hz: Rate at which samples are taken out.
            make_resampler: Called with the rate in and the rate out, if they differ.
            heard: Position up to which the user has heard it from an earlier process.
        """
        self.turn = first.turn
        self.session = first.session
        self.backend = first.backend
        self.epoch = first.epoch
        self.sent_ns = first.sent_ns
        self.received = heard
        self.heard = heard
        self.heard_ns = 0
        self.underruns = 0
        self.dry = False
        self.started = heard > 0
        self.end: AnswerEnd | None = None
        self.waiting = 0
        self._promised: AnswerEnded | None = None
        self._rate_in_hz = first.rate_hz
        self._rate_out_hz = rate_hz
        self._resampler = (
            None if first.rate_hz == rate_hz else make_resampler(first.rate_hz, rate_hz)
        )
        self._chunks: deque[tuple[int, Samples]] = deque()
        self._taken = 0

    @property
    def waiting_ms(self) -> float:
        """Sound that has come and is not heard yet."""
        return self.waiting * 1000 / self._rate_out_hz

    def push(self, frame: AnswerAudio) -> int:
        """Append what is new in `frame`; what came before, sent again, is cut to the sample.

        Returns:
            Samples missing between what came before and this frame, or minus those cut.
        """
        samples = np.frombuffer(frame.pcm, dtype="<i2", count=len(frame.pcm) // 2)
        missing = frame.position - self.received
        fresh = samples[max(0, -missing) :]
        if len(fresh):
            self.received = max(self.received, frame.position) + len(fresh)
            self._append(fresh if self._resampler is None else self._resampled(fresh))
        if self._promised is not None and self.received >= self._promised.samples:
            self.finish(self._promised.end)
        return max(missing, -len(samples))

    def promise(self, ended: AnswerEnded) -> None:
        """Finish once as many samples have come as `ended` says: it overtook the audio."""
        self._promised = ended

    def finish(self, end: AnswerEnd) -> None:
        """Nothing more comes."""
        if self.end is None and self._resampler is not None:
            self._append(self._resampled(np.empty(0, np.int16), last=True))
        self.end = end

    def take(self, count: int) -> Samples:
        """Return the next samples, at most `count`: fewer at the end of a chunk, none when dry."""
        if not self._chunks:
            return np.empty(0, np.int16)
        end, chunk = self._chunks[0]
        piece = chunk[self._taken : self._taken + count]
        self._taken += len(piece)
        self.waiting -= len(piece)
        left = len(chunk) - self._taken
        self.heard = max(self.heard, end - left * self._rate_in_hz // self._rate_out_hz)
        if not left:
            self._chunks.popleft()
            self._taken = 0
        return piece

    def _append(self, samples: Samples) -> None:
        if len(samples):
            self._chunks.append((self.received, samples))
            self.waiting += len(samples)

    def _resampled(self, samples: Samples, last: bool = False) -> Samples:
        assert self._resampler is not None
        return self._resampler.resample_chunk(np.ascontiguousarray(samples), last=last)
