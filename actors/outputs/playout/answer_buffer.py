"""The sound of one answer, from what has come to what has been heard."""

from __future__ import annotations

from collections import deque

import numpy as np

from actors.lib.audio.pcm import SAMPLE_BYTES, Samples, to_samples
from actors.lib.audio.resample import Resampler
from actors.outputs.output import AnswerPosition
from pipeline.frames import AnswerAudio, AnswerEnd, AnswerEnded, Playback, PlaybackState

NOTHING: Samples = np.empty(0, np.int16)


class AnswerBuffer:
    """A whole answer, minutes of it, taken out a block at a time without copying the rest.

    Positions are indices into the answer at its own rate, whatever rate it is taken out at.
    """

    def __init__(self, first: AnswerAudio, rate_hz: int) -> None:
        """Make an empty buffer for the answer that `first` belongs to.

        Args:
            first: Any frame of the answer; it is not pushed.
            rate_hz: Rate at which samples are taken out.
        """
        self.turn = first.turn
        self.session = first.session
        self.backend = first.backend
        self.epoch = first.epoch
        self.sent_ns = first.sent_ns
        self.received = 0
        self.heard = 0
        self.heard_ns = 0
        self.started = False
        self.dry = False
        self.underruns = 0
        self.end: AnswerEnd | None = None
        self.waiting = 0
        self._promised: AnswerEnded | None = None
        self._resampler = Resampler(first.rate_hz, rate_hz)
        self._rates_are_equal = first.rate_hz == rate_hz
        self._chunks: deque[tuple[int, Samples]] = deque()
        self._taken = 0

    def resume(self, heard: int) -> None:
        """Begin at the position up to which the user heard it from an earlier process."""
        self.received = self.heard = heard
        self.started = heard > 0

    @property
    def waiting_ms(self) -> float:
        """Sound that has come and is not heard yet."""
        return self.waiting * 1000 / self._resampler.to_hz

    @property
    def position(self) -> AnswerPosition:
        """Up to where it was taken out."""
        return AnswerPosition(self.turn, self.epoch, self.heard)

    def is_ready(self, target_ms: float) -> bool:
        """Return whether there is enough to begin with: so much, or all there will be."""
        return self.end is not None or (self.waiting > 0 and self.waiting_ms >= target_ms)

    def push(self, frame: AnswerAudio) -> int:
        """Append what is new in `frame`; what came before, sent again, is cut to the sample.

        Returns:
            Samples missing between what came before and this frame, or minus those cut.
        """
        samples = to_samples(frame.pcm[: len(frame.pcm) // SAMPLE_BYTES * SAMPLE_BYTES])
        missing = frame.position - self.received
        fresh = samples[max(0, -missing) :]
        if len(fresh):
            self.received = max(self.received, frame.position) + len(fresh)
            self._append(fresh if self._rates_are_equal else self._resampler.process(fresh))
        if self._promised is not None and self.received >= self._promised.samples:
            self.finish(self._promised.end)
        return max(missing, -len(samples))

    def promise(self, ended: AnswerEnded) -> None:
        """Finish once as many samples have come as `ended` says: it overtook the audio."""
        self._promised = ended

    def finish(self, end: AnswerEnd) -> None:
        """Nothing more comes."""
        if self.end is None:
            self._append(self._resampler.process(NOTHING, last=True))
        self.end = end

    def pop(self, count: int) -> Samples:
        """Return the next samples, at most `count`: fewer at the end of a chunk, none when dry."""
        if not self._chunks:
            return NOTHING
        end, chunk = self._chunks[0]
        piece = chunk[self._taken : self._taken + count]
        self._taken += len(piece)
        self.waiting -= len(piece)
        left = len(chunk) - self._taken
        left_in_answer = left * self._resampler.from_hz // self._resampler.to_hz
        self.heard = max(self.heard, end - left_in_answer)
        if not left:
            self._chunks.popleft()
            self._taken = 0
        return piece

    def pop_fading(self, count: int) -> Samples:
        """Take the next samples, at most `count`, growing fainter down to silence."""
        pieces = [NOTHING]
        while count and len(piece := self.pop(count)):
            pieces.append(piece)
            count -= len(piece)
        tail = np.concatenate(pieces)
        return (tail * np.linspace(1.0, 0.0, len(tail))).astype(np.int16)

    def playback(self, state: PlaybackState, at_ns: int) -> Playback:
        """Return what there is to report of this answer."""
        return Playback(
            session=self.session,
            turn=self.turn,
            epoch=self.epoch,
            backend=self.backend,
            state=state,
            played_samples=self.heard,
            underruns=self.underruns,
            at_ns=at_ns,
        )

    def _append(self, samples: Samples) -> None:
        if len(samples):
            self._chunks.append((self.received, samples))
            self.waiting += len(samples)
