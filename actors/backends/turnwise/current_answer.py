"""The answer in progress of a session: there is one at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from actors.backends.answer import AnswerFrames, Publish
from actors.backends.tool_calls import ToolCalls, ToolReply
from actors.backends.turnwise.answer import RunningAnswer
from actors.backends.turnwise.turns import Turns
from pipeline.frames import AnswerEnd

if TYPE_CHECKING:
    from pipeline.actor import Actor


class CurrentAnswer:
    """Begins answers and ends them, and counts how they ended.

    Args:
        session: Whose answers they are.
        actor: The backend.
        turns: Of the session; they are told that an answer sounds, or calls a tool.
        calls: Of the session.
        publish: Takes the frames.

    Attributes:
        begun: Epochs of the answers of which something was heard and which have not ended, by turn.
    """

    def __init__(
        self,
        session: str,
        actor: Actor[Any],
        turns: Turns,
        calls: ToolCalls,
        publish: Callable[[Publish], None],
    ) -> None:
        self.begun: dict[str, int] = {}
        self._session = session
        self._actor = actor
        self._turns = turns
        self._calls = calls
        self._publish = publish
        self._answer: RunningAnswer | None = None

    def begin(self, turn: str, epoch: int) -> RunningAnswer:
        """Return a new answer; it is the one in progress from now on."""
        self._answer = self._new_answer(turn, epoch)
        self._actor.counters["answers_begun"] += 1
        return self._answer

    def heard(self) -> None:
        """Its playback may have got on."""
        if self._answer is not None:
            self._answer.heard.set()

    def reply(self, reply: ToolReply) -> None:
        """A tool is done."""
        if self._answer is not None:
            self._answer.reply(reply)

    def abort(self) -> None:
        """Give it up, without another word."""
        if self._answer is not None:
            self._answer.abort()
            self._drop()

    def interrupt(self, turn: str, epoch: int) -> None:
        """The user took the floor from the answer to a turn."""
        running = self._answer if self._answer and self._answer.turn == turn else None
        # If its answer never began, the ledger must know that none will come.
        self.end(running or self._new_answer(turn, epoch), AnswerEnd.INTERRUPTED)

    def end(
        self, answer: RunningAnswer, end: AnswerEnd, detail: str = "", unspoken: str = ""
    ) -> None:
        """Say how an answer ended."""
        self._actor.counters[f"answers_{end}"] += 1
        answer.end(end, detail, unspoken)
        if answer is self._answer:
            self._drop()

    def _drop(self) -> None:
        """Forget the answer in progress, which has had its last word."""
        answer, self._answer = self._answer, None
        if answer is None:
            return
        self.begun.pop(answer.turn, None)
        if answer.task is not None and answer.task is not asyncio.current_task():
            answer.task.cancel()

    def _new_answer(self, turn: str, epoch: int) -> RunningAnswer:
        frames = AnswerFrames(self._session, self._actor.name, epoch=epoch)
        return RunningAnswer(
            turn,
            frames,
            self._calls,
            publish=self._publish,
            on_begun=partial(self._turns.sounded, turn),
            on_call=partial(self._turns.called, turn),
        )
