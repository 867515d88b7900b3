"""What is heard when: answers in order, barge-in, pre-buffer. No device, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from actors.audio.answer_buffer import AnswerBuffer, Resampler, Samples
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Playback,
    PlaybackState,
    Route,
    SpeechStarted,
)

RATE_HZ = 24_000
"""Rate of Gemini's answers, and so the one that needs no resampling."""
FADE_MS = 5
"""Sound cut in mid-wave clicks. The shortest usual de-click ramp: half a wave of a deep voice
(100 Hz), and less than a device block, so that barge-in stays within one."""
PROGRESS_MS = 200
"""How often `playing` is reported: as often as a heartbeat carries the checkpoint away (250 ms)."""
MEMORY_TURNS = 64
"""Turns remembered as closed: far more than can still have audio on its way."""
FOREVER = 2**63 - 1
"""Above any epoch: nothing of the turn is played again, whoever sends it."""


class PlayoutState(StrEnum):
    """What the next sample is."""

    IDLE = "idle"
    BUFFERING = "buffering"
    PLAYING = "playing"
    STOPPING = "stopping"


class Barrier(NamedTuple):
    """The newest speech of the user: answers to turns before it are not for hearing any more."""

    position: int
    at_ns: int

    def stands_after(self, turn: str) -> bool | None:
        """Return whether `turn` is older than this speech; None if its name does not tell.

        A spoken turn is named `<session>:<position>`, a typed one `<session>:t<ns>`.
        """
        name = turn.rpartition(":")[2]
        if name.isdecimal():
            return int(name) < self.position
        if name[:1] == "t" and name[1:].isdecimal():
            return int(name[1:]) < self.at_ns
        return None


@dataclass
class PlayoutCounts:
    """What went other than planned, since the start.

    Attributes:
        underruns: Gaps heard within answers because audio came too late.
        late_dropped: Blocks of answers that were stopped, replaced or over.
        stale_epoch: Blocks from a backend that no longer owned the route.
        resent_samples: Samples that came a second time.
        missing_samples: Samples of answers that never came.
        abandoned: Answers without an end, given up for the next one.
    """

    underruns: int = 0
    late_dropped: int = 0
    stale_epoch: int = 0
    resent_samples: int = 0
    missing_samples: int = 0
    abandoned: int = 0

    def as_dict(self) -> dict[str, int]:
        """By name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


class Prebuffer:
    """How much sound to have before starting: more after an underrun, slowly less again.

    Doubles up to 400 ms (a pause of half a second is felt as no answer) and shrinks by a quarter
    for every 10 s heard without an underrun, down to where it began.
    """

    LIMIT_MS = 400.0
    CALM_S = 10.0

    def __init__(self, start_ms: float) -> None:
        self.target_ms = start_ms
        self._start_ms = start_ms
        self._calm_s = 0.0

    def underrun(self) -> None:
        """A gap was heard."""
        self._calm_s = 0.0
        doubled_ms = max(self.target_ms * 2, 10.0)
        self.target_ms = max(self.target_ms, min(doubled_ms, self.LIMIT_MS))

    def heard(self, seconds: float) -> None:
        """So much was heard without a gap."""
        self._calm_s += seconds
        if self._calm_s >= self.CALM_S:
            self._calm_s = 0.0
            self.target_ms = max(self._start_ms, self.target_ms * 0.75)


@dataclass
class Fade:
    """The last few milliseconds of an answer that was stopped."""

    answer: AnswerBuffer
    left: Samples


def no_resampler(rate_in_hz: int, rate_out_hz: int) -> Resampler:
    """Refuse: the caller gave no way to resample.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"answer audio at {rate_in_hz} Hz, and only {rate_out_hz} Hz can be played")


class Playout:
    """Holds whole answers, in order, and says for each block of a device what is heard.

    Every answer of which any sound came gets exactly one `finished` or `interrupted`; `started`
    comes with its first sample. A stopped turn stays stopped. Not safe for threads.
    """

    def __init__(
        self,
        *,
        rate_hz: int = RATE_HZ,
        prebuffer_ms: float = 40.0,
        make_resampler: Callable[[int, int], Resampler] = no_resampler,
        resume: Mapping[str, Any] | None = None,
    ) -> None:
        """Make an idle one.

        Args:
            rate_hz: Rate of the rendered samples.
            prebuffer_ms: Sound to have before an answer starts.
            make_resampler: For answers at another rate; called with the rate in and the rate out.
            resume: What `snapshot` of an earlier process said.
        """
        self.rate_hz = rate_hz
        self.state = PlayoutState.IDLE
        self.counts = PlayoutCounts()
        self.prebuffer = Prebuffer(prebuffer_ms)
        self.sounding = 0
        """Samples of the last rendered block that belong to an answer."""
        self.started_sent_ns = 0
        """When the first audio of the answer that started last was sent by its backend."""
        self._make_resampler = make_resampler
        self._answers: dict[str, AnswerBuffer] = {}
        self._promises: dict[str, AnswerEnded] = {}
        self._closed: dict[str, int] = dict((resume or {}).get("closed", {}))
        self._heard_before: list[Any] = list((resume or {}).get("heard", ["", 0, 0]))
        barrier = (resume or {}).get("barrier")
        self._barrier: Barrier | None = Barrier(*barrier) if barrier else None
        self._epoch = 0
        self._fade: Fade | None = None
        self._events: list[Playback] = []
        self._clock_ns = 0
        self._unreported = 0

    @property
    def buffered_ms(self) -> float:
        """Sound that has come and is not heard yet, of all answers."""
        return sum(answer.waiting_ms for answer in self._answers.values())

    def take_events(self) -> list[Playback]:
        """Return what happened since the last call."""
        events, self._events = self._events, []
        return events

    def snapshot(self) -> dict[str, Any]:
        """Return what a successor needs to go on where this one was."""
        front = self._front()
        return {
            "closed": dict(self._closed),
            "barrier": list(self._barrier) if self._barrier else None,
            "heard": [front.turn, front.epoch, front.heard] if front else self._heard_before,
        }

    def route(self, frame: Route) -> None:
        """Take no more audio from epochs before this one; what is here of them is played out."""
        if frame.epoch <= self._epoch:
            return
        self._epoch = frame.epoch
        for answer in list(self._answers.values()):
            if answer.epoch < frame.epoch and answer.end is None:
                self._finish(answer, AnswerEnd.FAILED)

    def push(self, frame: AnswerAudio) -> None:
        """Take a block of an answer."""
        answer = self._answers.get(frame.turn)
        if frame.epoch < self._epoch or (answer is not None and frame.epoch < answer.epoch):
            self.counts.stale_epoch += 1
            return
        if self._is_late(frame, answer):
            self.counts.late_dropped += 1
            return
        if answer is None or frame.epoch > answer.epoch:
            answer = self._begin(frame, answer)
        missing = answer.push(frame)
        self.counts.missing_samples += max(0, missing)
        self.counts.resent_samples += max(0, -missing)
        if answer.dry and answer.waiting:
            # Only now is it known that the silence was a gap and not the end of the answer.
            answer.dry = False
            answer.underruns += 1
            self.counts.underruns += 1
            self.prebuffer.underrun()

    def end(self, frame: AnswerEnded) -> None:
        """No more audio comes from this backend for this turn."""
        answer = self._answers.get(frame.turn)
        if answer is not None and frame.epoch == answer.epoch:
            if frame.end is AnswerEnd.INTERRUPTED:
                self._silence(answer)
                self._remove(answer, FOREVER)
            else:
                self.counts.missing_samples += max(0, frame.samples - answer.received)
                self._finish(answer, frame.end)
        elif frame.samples > 0 and frame.end is not AnswerEnd.INTERRUPTED:
            self._remember(self._promises, frame.turn, frame)

    def stop(self, speech: SpeechStarted, *, fade: bool = True) -> None:
        """Barge-in: the user speaks, so all answers to earlier turns end within the next block.

        Args:
            speech: What the user began to say. Its own turn, and later ones, are left alone.
            fade: End with a short ramp; without one when no device takes samples now.
        """
        barrier = Barrier(speech.position, speech.at_ns)
        if self._barrier is None or barrier.position > self._barrier.position:
            self._barrier = barrier
        for answer in list(self._answers.values()):
            if barrier.stands_after(answer.turn) is not False:
                self._silence(answer, fade=fade)
                self._remove(answer, FOREVER)
        if self._fade is not None and not fade:
            self._end_fade()

    def render(self, count: int, at_ns: int) -> Samples:
        """Return the next `count` samples, silence included.

        Args:
            count: Samples the device asks for.
            at_ns: Monotonic time at which the first of them is heard.
        """
        block = np.zeros(count, np.int16)
        filled = 0
        while filled < count:
            piece = self._next_piece(count - filled, at_ns + filled * 10**9 // self.rate_hz)
            if not len(piece):
                break
            block[filled : filled + len(piece)] = piece
            filled += len(piece)
        self.sounding = filled
        self._clock_ns = at_ns + count * 10**9 // self.rate_hz
        return block

    def _next_piece(self, count: int, at_ns: int) -> Samples:
        while True:
            front = self._front()
            if self._fade is not None:
                piece, self._fade.left = self._fade.left[:count], self._fade.left[count:]
                if len(piece):
                    self._fade.answer.heard_ns = at_ns + len(piece) * 10**9 // self.rate_hz
                if not len(self._fade.left):
                    self._end_fade()
                return piece
            if front is None or (self.state is PlayoutState.BUFFERING and not self._may_start()):
                return np.empty(0, np.int16)
            if self.state is PlayoutState.BUFFERING:
                self._start(front, at_ns)
            piece = front.take(count)
            if len(piece):
                self._note_heard(front, len(piece), at_ns)
                return piece
            front.dry = True
            self.state = PlayoutState.BUFFERING

    def _is_late(self, frame: AnswerAudio, answer: AnswerBuffer | None) -> bool:
        if frame.epoch <= self._closed.get(frame.turn, -1):
            return True
        if answer is not None:
            return answer.end is not None and frame.epoch == answer.epoch
        return self._barrier is not None and self._barrier.stands_after(frame.turn) is True

    def _begin(self, frame: AnswerAudio, older: AnswerBuffer | None) -> AnswerBuffer:
        turn, epoch, heard = self._heard_before
        resumed = older is None and (turn, epoch) == (frame.turn, frame.epoch)
        answer = AnswerBuffer(
            frame, self.rate_hz, self._make_resampler, heard=heard if resumed else 0
        )
        promised = self._promises.pop(frame.turn, None)
        if promised is not None and promised.epoch == frame.epoch:
            answer.promise(promised)
        if older is not None:
            self._silence(older)
        self._answers[frame.turn] = answer
        if self.state is PlayoutState.IDLE:
            self.state = PlayoutState.BUFFERING
        return answer

    def _may_start(self) -> bool:
        front, *others = self._answers.values()
        if front.end is None and any(self._is_ready(other) for other in others):
            # A backend goes on to the next turn only when it is through with the one before.
            self.counts.abandoned += 1
            self._finish(front, AnswerEnd.FAILED)
            return bool(self._answers) and self._may_start()
        return self._is_ready(front)

    def _is_ready(self, answer: AnswerBuffer) -> bool:
        return answer.end is not None or answer.waiting_ms >= max(self.prebuffer.target_ms, 1e-9)

    def _start(self, answer: AnswerBuffer, at_ns: int) -> None:
        self.state = PlayoutState.PLAYING
        if not answer.started:
            answer.started = True
            self.started_sent_ns = answer.sent_ns
            self._tell(answer, PlaybackState.STARTED, at_ns)

    def _note_heard(self, answer: AnswerBuffer, count: int, at_ns: int) -> None:
        answer.heard_ns = at_ns + count * 10**9 // self.rate_hz
        self.prebuffer.heard(count / self.rate_hz)
        self._unreported += count
        if answer.end is not None and not answer.waiting:
            self._close_heard(answer)
        elif self._unreported * 1000 >= PROGRESS_MS * self.rate_hz:
            self._tell(answer, PlaybackState.PLAYING, answer.heard_ns)

    def _finish(self, answer: AnswerBuffer, end: AnswerEnd) -> None:
        answer.finish(end)
        if not answer.waiting:
            self._close_heard(answer)

    def _close_heard(self, answer: AnswerBuffer) -> None:
        whole = answer.end is not AnswerEnd.FAILED
        state = PlaybackState.FINISHED if whole else PlaybackState.INTERRUPTED
        self._tell(answer, state, answer.heard_ns or self._clock_ns)
        # After a failure another backend may still answer the turn, under a newer epoch.
        self._remove(answer, FOREVER if whole else answer.epoch)

    def _silence(self, answer: AnswerBuffer, *, fade: bool = True) -> None:
        """End an answer's sound: with a ramp if it is sounding, at once if it is not."""
        if answer is self._front() and self.state is PlayoutState.PLAYING:
            self.state = PlayoutState.BUFFERING
            tail = self._ramp(answer) if fade else None
            if tail is not None and len(tail):
                self._fade = Fade(answer, tail)
                self.state = PlayoutState.STOPPING
                return
        self._tell(answer, PlaybackState.INTERRUPTED, answer.heard_ns or self._clock_ns)

    def _ramp(self, answer: AnswerBuffer) -> Samples:
        wanted = self.rate_hz * FADE_MS // 1000
        pieces = []
        while wanted and len(piece := answer.take(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        tail = np.concatenate(pieces) if pieces else np.empty(0, np.int16)
        return (tail * np.linspace(1.0, 0.0, len(tail))).astype(np.int16)

    def _end_fade(self) -> None:
        assert self._fade is not None
        answer, self._fade = self._fade.answer, None
        self._tell(answer, PlaybackState.INTERRUPTED, answer.heard_ns or self._clock_ns)
        self.state = PlayoutState.BUFFERING if self._answers else PlayoutState.IDLE

    def _remove(self, answer: AnswerBuffer, closed_up_to_epoch: int) -> None:
        was_front = answer is self._front()
        del self._answers[answer.turn]
        self._remember(self._closed, answer.turn, closed_up_to_epoch)
        if was_front and self._fade is None:
            self.state = PlayoutState.BUFFERING if self._answers else PlayoutState.IDLE

    def _remember(self, memory: dict[str, Any], turn: str, what: Any) -> None:
        memory.pop(turn, None)
        memory[turn] = what
        while len(memory) > MEMORY_TURNS:
            del memory[next(iter(memory))]

    def _tell(self, answer: AnswerBuffer, state: PlaybackState, at_ns: int) -> None:
        self._unreported = 0
        self._events.append(
            Playback(
                session=answer.session,
                turn=answer.turn,
                epoch=answer.epoch,
                backend=answer.backend,
                state=state,
                played_samples=answer.heard,
                underruns=answer.underruns,
                at_ns=at_ns,
            )
        )

    def _front(self) -> AnswerBuffer | None:
        return next(iter(self._answers.values()), None)
