"""What is heard when: answers in order, barge-in, pre-buffer. No device, no clock of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from actors.lib.audio.pcm import Samples, samples_to_ns
from actors.outputs.playout.answer_buffer import NOTHING, AnswerBuffer
from actors.outputs.playout.answer_track import FADE_SAMPLES, AnswerTrack
from actors.outputs.playout.fade import FadeIn, FadeOut
from actors.outputs.playout.gate import Barrier, BlockAdmission
from actors.outputs.playout.pause_limiter import PauseLimiter
from actors.outputs.playout.playout_state import RATE_HZ, PlayoutState
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    PlaybackState,
    Route,
    SpeechStarted,
    TentativeSpeechStarted,
)


class Playout(AnswerTrack):
    """Holds whole answers, in order, and says for each block of a device what is heard.

    A stopped turn stays stopped. Not safe for threads.
    """

    def __init__(
        self, *, prebuffer_ms: float = 40.0, resume: Mapping[str, Any] | None = None
    ) -> None:
        """Make an idle one.

        Args:
            prebuffer_ms: Sound to have before an answer starts.
            resume: What `snapshot` of an earlier process said.
        """
        super().__init__(prebuffer_ms, resume or {})
        self.sounding = 0
        """Samples of the last rendered block that belong to an answer."""
        self._pauses = PauseLimiter()

    @property
    def buffered_ms(self) -> float:
        """Sound that has come and is not heard yet, of all answers."""
        return self._answers.waiting_ms

    @property
    def is_whole(self) -> bool:
        """Whether all of the answer that is heard has come."""
        front = self._answers.front
        return front is not None and front.end is not None

    def is_busy_with_another(self, turn: str) -> bool:
        """Return whether an answer to a turn other than this one is under way."""
        front = self._answers.front
        return front is not None and front.turn != turn and self.state is not PlayoutState.BUFFERING

    def has_answer_of(self, backend: str) -> bool:
        """Return whether an answer of a backend is to be heard, or is being heard."""
        return any(answer.backend == backend for answer in self._answers)

    def snapshot(self) -> dict[str, Any]:
        """Return what a successor needs to go on where this one was."""
        return self._answers.snapshot()

    def route(self, frame: Route) -> None:
        """Take no more audio from epochs before this one; what is here of them is played out."""
        if frame.epoch <= self._answers.gate.epoch:
            return
        self._answers.gate.epoch = frame.epoch
        for answer in self._answers:
            if answer.epoch < frame.epoch and answer.end is None:
                self._finish(answer, AnswerEnd.FAILED)

    def push(self, frame: AnswerAudio) -> None:
        """Take a block of an answer."""
        admission = self._answers.admit(frame.turn, frame.epoch)
        if admission is BlockAdmission.STALE_EPOCH:
            self.counts.stale_epoch += 1
        elif admission is BlockAdmission.LATE:
            self.counts.late_dropped += 1
        elif admission is BlockAdmission.OVERTAKEN:
            # Who keeps the account of the turns waits for word of every answer.
            self.counts.late_dropped += 1
            unheard = self._new_answer(frame)
            self._tell(unheard, PlaybackState.INTERRUPTED)
            self._remove(unheard)
        elif frame.pcm:
            answer = self._answers.get(frame.turn)
            if answer is None or frame.epoch > answer.epoch:
                answer = self._begin(frame, answer)
            self._fill(answer, frame)

    def end(self, frame: AnswerEnded) -> None:
        """No more audio comes from this backend for this turn."""
        answer = self._answers.get(frame.turn)
        if answer is not None and frame.epoch == answer.epoch:
            if frame.end is AnswerEnd.INTERRUPTED:
                self._silence(answer)
                self._remove(answer)
            else:
                self.counts.missing_samples += max(0, frame.samples - answer.received)
                self._finish(answer, frame.end)
        elif frame.samples:
            self._answers.promise(frame)

    def stop(self, speech: SpeechStarted, *, fade: bool = True) -> None:
        """Barge-in: the user speaks, so all answers to earlier turns end within the next block.

        Args:
            speech: What the user began to say. Answers to it, and to later turns, are left alone.
            fade: End with a short ramp; without one when no device takes samples now.
        """
        self._pauses.was_speech()
        barrier = self._answers.gate.barge_in(speech)
        for answer in self._answers:
            if barrier.stands_after(answer.turn) is not False:
                self._silence(answer, fade=fade)
                self._remove(answer)
        if self._fade_out is not None and not fade:
            self._end_fade_out()

    def pause(self, voice: TentativeSpeechStarted, *, fade: bool = True) -> None:
        """Somebody may be speaking: hold what is an answer to earlier turns.

        Not if it was nothing time after time: it goes on then until `stop`.

        Args:
            voice: What began. `stop` or `resume` follows.
            fade: As for `stop`.
        """
        front = self._answers.front
        if front is None or self.state not in (PlayoutState.BUFFERING, PlayoutState.PLAYING):
            return
        if Barrier(voice.position, voice.at_ns).stands_after(front.turn) is False:
            return
        if not self._pauses.begin(self._clock_ns):
            self.counts.pauses_left_out += 1
            return
        if fade and self.state is PlayoutState.PLAYING and front.waiting:
            self._fade_out = FadeOut(front, front.pop_fading(FADE_SAMPLES), stops=False)
        self.state = PlayoutState.PAUSED
        self.counts.pauses += 1

    def resume(self) -> None:
        """It was nothing: go on where the answer was held."""
        self._pauses.was_nothing(self._clock_ns)
        if self.state is PlayoutState.PAUSED:
            self.state = PlayoutState.BUFFERING
            self.counts.resumed += 1
            self._fade_in = FadeIn(FADE_SAMPLES)

    def render(self, count: int, at_ns: int) -> Samples:
        """Return the next `count` samples at `RATE_HZ`, silence included.

        Args:
            count: Samples the device asks for.
            at_ns: Monotonic time at which the first of them is heard.
        """
        block = np.zeros(count, np.int16)
        filled = 0
        while filled < count:
            piece = self._next_piece(count - filled, at_ns + samples_to_ns(filled, RATE_HZ))
            if not len(piece):
                break
            block[filled : filled + len(piece)] = piece
            filled += len(piece)
        self.sounding = filled
        self._clock_ns = at_ns + samples_to_ns(count, RATE_HZ)
        return block

    def _begin(self, frame: AnswerAudio, older: AnswerBuffer | None) -> AnswerBuffer:
        if older is not None:
            self._silence(older)
        answer = self._new_answer(frame)
        if self.state is PlayoutState.IDLE:
            self.state = PlayoutState.BUFFERING
        return answer

    def _new_answer(self, frame: AnswerAudio) -> AnswerBuffer:
        answer = AnswerBuffer(frame, RATE_HZ)
        self._answers.begin(answer)
        return answer

    def _fill(self, answer: AnswerBuffer, frame: AnswerAudio) -> None:
        missing = answer.push(frame)
        self.counts.missing_samples += max(0, missing)
        self.counts.resent_samples += max(0, -missing)
        if answer.dry and answer.waiting:
            # Only now is it known that the silence was a gap and not the end of the answer.
            answer.dry = False
            answer.underruns += 1
            self.counts.underruns += 1
            self.prebuffer.underrun()
        if answer.end is not None:
            self._finish(answer, answer.end)

    def _next_piece(self, count: int, at_ns: int) -> Samples:
        while True:
            if self._fade_out is not None:
                return self._fade_piece(self._fade_out, count, at_ns)
            if self.state is PlayoutState.PAUSED:
                if not self._pauses.is_over(at_ns):
                    return NOTHING
                self.resume()
            if self.state is PlayoutState.BUFFERING:
                while abandoned := self._answers.abandoned(self.prebuffer.target_ms):
                    self.counts.abandoned += 1
                    self._finish(abandoned, AnswerEnd.FAILED)
            front = self._answers.front
            if front is None or not (
                self.state is PlayoutState.PLAYING or self._start(front, at_ns)
            ):
                return NOTHING
            piece = front.pop(count)
            if len(piece):
                self._note_heard(front, len(piece), at_ns)
                return piece if self._fade_in is None else self._fade(piece)
            front.dry = True
            self.state = PlayoutState.BUFFERING
