"""The answers to play, in the order in which they began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actors.outputs.playout.answer_buffer import AnswerBuffer
from actors.outputs.playout.gate import MEMORY_TURNS, BlockAdmission, Gate
from pipeline.frames import AnswerEnd, AnswerEnded


class AnswerQueue:
    """One answer a turn; knows too what was said beforehand of answers that have not begun."""

    def __init__(self, resume: Mapping[str, Any]) -> None:
        """Make an empty queue; `resume` is what `snapshot` of an earlier process said, or empty."""
        self.gate = Gate(resume)
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

    def admit(self, turn: str, epoch: int) -> BlockAdmission:
        """Say whether a block of an answer may be heard."""
        answer = self._answers.get(turn)
        admission = self.gate.admit(turn, epoch)
        if (
            admission is BlockAdmission.TAKE
            and answer is None
            and self._is_interrupted(turn, epoch)
        ):
            return BlockAdmission.OVERTAKEN
        if admission is BlockAdmission.STALE_EPOCH or answer is None:
            return admission
        if epoch < answer.epoch:
            return BlockAdmission.STALE_EPOCH
        if epoch == answer.epoch and answer.end is not None:
            return BlockAdmission.LATE
        return admission

    def get(self, turn: str) -> AnswerBuffer | None:
        """Return the answer to a turn."""
        return self._answers.get(turn)

    def begin(self, answer: AnswerBuffer) -> None:
        """Append an empty answer, or put it in place of an older one to the same turn."""
        turn, epoch, heard = self._heard_before
        if (turn, epoch) == (answer.turn, answer.epoch):
            answer.resume(heard)
        promised = self._promises.pop(answer.turn, None)
        if promised is not None and promised.epoch == answer.epoch:
            answer.promise(promised)
        self._answers[answer.turn] = answer

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

    def _is_interrupted(self, turn: str, epoch: int) -> bool:
        promised = self._promises.get(turn)
        return (
            promised is not None
            and promised.epoch == epoch
            and promised.end is AnswerEnd.INTERRUPTED
        )
