"""The answers to play, in the order in which they began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actors.outputs.playout.answer_buffer import AnswerBuffer
from actors.outputs.playout.gate import MEMORY_TURNS, Admission, Gate
from pipeline.frames import AnswerAudio, AnswerEnd, AnswerEnded


class AnswerQueue:
    """One answer a turn; knows too what was said beforehand of answers that have not begun."""

    def __init__(self, rate_hz: int, resume: Mapping[str, Any]) -> None:
        """Make an empty queue.

        Args:
            rate_hz: Rate at which samples are taken out.
            resume: What `snapshot` of an earlier process said, or empty.
        """
        self.gate = Gate(resume)
        self._rate_hz = rate_hz
        self._heard_before = list(resume.get("heard", ["", 0, 0]))
        self._answers: dict[str, AnswerBuffer] = {}
        self._promises: dict[str, AnswerEnded] = {}

    def __iter__(self) -> Iterator[AnswerBuffer]:
        return iter(list(self._answers.values()))

    def __bool__(self) -> bool:
        return bool(self._answers)

    @property
    def front(self) -> AnswerBuffer | None:
        """The answer whose turn it is."""
        return next(iter(self._answers.values()), None)

    @property
    def waiting_ms(self) -> float:
        """Sound that has come and is not heard yet, of all answers."""
        return sum(answer.waiting_ms for answer in self._answers.values())

    def snapshot(self) -> dict[str, Any]:
        """Return what a successor needs: the gate's, and what of the front answer was heard."""
        front = self.front
        heard = [front.turn, front.epoch, front.heard] if front else self._heard_before
        return {**self.gate.snapshot(), "heard": heard}

    def admit(self, frame: AnswerAudio) -> Admission:
        """Say whether a block of an answer may be heard."""
        answer = self._answers.get(frame.turn)
        admission = self.gate.admit(frame)
        if admission is Admission.TAKE and answer is None and self._is_interrupted(frame):
            return Admission.OVERTAKEN
        if admission is Admission.STALE_EPOCH or answer is None:
            return admission
        if frame.epoch < answer.epoch:
            return Admission.STALE_EPOCH
        if frame.epoch == answer.epoch and answer.end is not None:
            return Admission.LATE
        return admission

    def get(self, turn: str) -> AnswerBuffer | None:
        """Return the answer to a turn."""
        return self._answers.get(turn)

    def begin(self, frame: AnswerAudio) -> AnswerBuffer:
        """Make room for the answer that `frame` belongs to, in place of an older one."""
        turn, epoch, heard = self._heard_before
        resumed = (turn, epoch) == (frame.turn, frame.epoch)
        answer = AnswerBuffer(frame, self._rate_hz, heard=heard if resumed else 0)
        promised = self._promises.pop(frame.turn, None)
        if promised is not None and promised.epoch == frame.epoch:
            answer.promise(promised)
        self._answers[frame.turn] = answer
        return answer

    def abandoned(self, target_ms: float) -> AnswerBuffer | None:
        """Return the answer that holds up one that could begin with so much sound at hand.

        A backend goes on to the next turn only when it is through with the one before.
        """
        front = self.front
        if front is None or front.end is not None or front.is_ready(target_ms):
            return None
        return front if any(each.is_ready(target_ms) for each in self) else None

    def promise(self, ended: AnswerEnded) -> None:
        """Note the end of an answer that has not begun: it overtook the audio."""
        self._promises[ended.turn] = ended
        if len(self._promises) > MEMORY_TURNS:
            del self._promises[next(iter(self._promises))]

    def remove(self, turn: str) -> None:
        """Forget an answer."""
        del self._answers[turn]

    def _is_interrupted(self, frame: AnswerAudio) -> bool:
        promised = self._promises.get(frame.turn)
        return (
            promised is not None
            and promised.epoch == frame.epoch
            and promised.end is AnswerEnd.INTERRUPTED
        )
