"""The answers as they are heard: begun, faded, ended, and told of once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actors.lib.audio.pcm import Samples, samples_to_ns
from actors.outputs.output import NOWHERE
from actors.outputs.playout.answer_buffer import AnswerBuffer
from actors.outputs.playout.answer_queue import AnswerQueue
from actors.outputs.playout.fade import FadeIn, FadeOut
from actors.outputs.playout.gate import FOREVER
from actors.outputs.playout.playback_events import PlaybackEvents
from actors.outputs.playout.playout_state import RATE_HZ, PlayoutCounts, PlayoutState
from actors.outputs.playout.prebuffer import Prebuffer
from pipeline.frames import AnswerEnd, PlaybackState

FADE_SAMPLES = RATE_HZ * 5 // 1000
"""Sound cut in mid-wave clicks. 5 ms is the shortest usual ramp: half a wave of a deep voice
(100 Hz), and less than a device block, so that barge-in stays within one."""


class AnswerTrack:
    """Every answer of which any sound came gets exactly one `finished` or `interrupted`.

    `started` comes with its first sample.
    """

    def __init__(self, prebuffer_ms: float, resume: Mapping[str, Any]) -> None:
        """Make an idle one; args as of `Playout`."""
        self.state = PlayoutState.IDLE
        self.counts = PlayoutCounts()
        self.prebuffer = Prebuffer(prebuffer_ms)
        self.events = PlaybackEvents()
        self.started_sent_ns = 0
        """When the first audio of the answer that started last was sent by its backend."""
        self.position = NOWHERE
        """Up to where answers were rendered."""
        self._answers = AnswerQueue(resume)
        self._fade_out: FadeOut | None = None
        self._fade_in: FadeIn | None = None
        self._clock_ns = 0

    def _fade_piece(self, fade: FadeOut, count: int, at_ns: int) -> Samples:
        piece = fade.pop(count)
        fade.answer.heard_ns = at_ns + samples_to_ns(len(piece), RATE_HZ)
        self.position = fade.answer.position
        if not len(fade.left):
            self._end_fade_out()
        return piece

    def _start(self, answer: AnswerBuffer, at_ns: int) -> bool:
        if not answer.is_ready(self.prebuffer.target_ms):
            return False
        self.state = PlayoutState.PLAYING
        if not answer.started:
            answer.started = True
            self.started_sent_ns = answer.sent_ns
            self._tell(answer, PlaybackState.STARTED, at_ns)
        return True

    def _note_heard(self, answer: AnswerBuffer, count: int, at_ns: int) -> None:
        answer.heard_ns = at_ns + samples_to_ns(count, RATE_HZ)
        self.position = answer.position
        self.prebuffer.on_played(count / RATE_HZ)
        if answer.end is not None and not answer.waiting:
            self._close_heard(answer)
        else:
            self.events.progress(answer, count)

    def _finish(self, answer: AnswerBuffer, end: AnswerEnd) -> None:
        answer.finish(end)
        held = self._fade_out is not None and self._fade_out.answer is answer
        if not answer.waiting and not held:
            self._close_heard(answer)

    def _close_heard(self, answer: AnswerBuffer) -> None:
        if answer.end is AnswerEnd.FAILED:
            self._tell(answer, PlaybackState.INTERRUPTED)
            # Another backend may still answer the turn, under a newer epoch.
            self._remove(answer, answer.epoch)
        else:
            self._tell(answer, PlaybackState.FINISHED)
            self._remove(answer)

    def _silence(self, answer: AnswerBuffer, *, fade: bool = True) -> None:
        """End an answer's sound: with a ramp if it is sounding, at once if it is not."""
        if answer is self._answers.front and self.state is PlayoutState.PLAYING:
            self.state = PlayoutState.BUFFERING
            if fade and answer.waiting:
                left = answer.pop_fading(FADE_SAMPLES)
                self._fade_out = FadeOut(answer, left, stops=True)
        elif self._fade_out is not None and self._fade_out.answer is answer:
            self._fade_out.stops = True
        if self._fade_out is not None and self._fade_out.answer is answer:
            self.state = PlayoutState.STOPPING
        else:
            self._tell(answer, PlaybackState.INTERRUPTED)

    def _end_fade_out(self) -> None:
        assert self._fade_out is not None
        ended, self._fade_out = self._fade_out, None
        if ended.stops:
            self._tell(ended.answer, PlaybackState.INTERRUPTED)
            self.state = PlayoutState.BUFFERING if self._answers else PlayoutState.IDLE
        elif ended.answer.end is not None and not ended.answer.waiting:
            self._close_heard(ended.answer)

    def _remove(self, answer: AnswerBuffer, closed_up_to_epoch: int = FOREVER) -> None:
        was_front = answer is self._answers.front
        self._answers.remove(answer.turn)
        self._answers.gate.close(answer.turn, closed_up_to_epoch)
        if was_front and self._fade_out is None:
            self._fade_in = None
            self.state = PlayoutState.BUFFERING if self._answers else PlayoutState.IDLE

    def _tell(self, answer: AnswerBuffer, state: PlaybackState, at_ns: int = 0) -> None:
        self.events.add(answer, state, at_ns or answer.heard_ns or self._clock_ns)

    def _fade(self, piece: Samples) -> Samples:
        assert self._fade_in is not None
        faded = self._fade_in.apply(piece)
        if self._fade_in.is_over:
            self._fade_in = None
        return faded
