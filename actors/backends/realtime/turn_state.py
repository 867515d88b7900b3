"""The conversation with the server as a state machine: no clock, no socket.

Every method takes what happened and the monotonic time in seconds, and returns the steps to take.
Each turn that is owned here ends with exactly one `AnswerEnded`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from actors.backends.gemini.live.events import Event
from actors.backends.realtime import server_turns
from actors.backends.realtime.answers import Answers
from actors.backends.realtime.book import Aftermath, Book, Limits, Link
from actors.backends.realtime.calls import Reply
from actors.backends.realtime.memory import Memorable
from actors.backends.realtime.steps import EndStream, Freeze, SendReply, Step, Withdraw
from actors.backends.realtime.turns import Delivery, Kind, Progress, Turn
from actors.backends.realtime.uplink import deliver
from pipeline.frames import AnswerEnd

TURN_PATIENCE_S = 20.0
"""A turn that got no connection by then, or whose sound did not come, has failed: nobody waits
longer for an answer."""


class Exchange:
    """Turns in, answers out."""

    def __init__(self, answers: Answers, limits: Limits, counters: Counter[str]) -> None:
        self._book = Book(answers, limits, counters)
        self._reason = ""

    # What the user does.

    def speech_started(self, turn_id: str, position: int, now_s: float) -> list[Step]:
        """The local detector heard speech from `position` on."""
        book = self._book
        if turn_id in book.over or book.known(turn_id):
            book.counters["turns_repeated"] += 1
            return []
        for turn in list(book.turns):
            if turn.end is None:
                self._asked(turn, max(turn.start, position), now_s)
            if not book.owned:
                book.drop(turn)
        book.turns.append(Turn(turn_id, Kind.SPOKEN, start=position, cursor=position))
        return deliver(book, now_s)

    def speech_ended(self, turn_id: str, start: int, end: int, now_s: float) -> list[Step]:
        """The turn's last sample is the one before `end`."""
        book = self._book
        if turn_id in book.over:
            return []
        steps: list[Step] = []
        if book.known(turn_id) is None:
            steps += self.speech_started(turn_id, start, now_s)
        turn = book.known(turn_id)
        if turn is None or turn.end is not None:
            return steps
        self._asked(turn, end, now_s)
        if book.link is Link.GONE and book.owned:
            return [*steps, *book.end(turn, AnswerEnd.FAILED, self._reason)]
        return [*steps, *deliver(book, now_s)]

    def audio_heard(self, start: int, end: int, now_s: float) -> list[Step]:
        """Sound from `start` to `end` is at hand."""
        self._book.heard_start = start
        self._book.heard_end = end
        if not self._book.turns and self._book.limits.local_turns:
            return []
        return deliver(self._book, now_s)

    def stream_ended(self) -> list[Step]:
        """The microphone says no more."""
        wanted = not self._book.limits.local_turns and self._book.link is Link.UP
        return [EndStream()] if wanted and self._book.owned else []

    def typed(self, turn_id: str, text: str, now_s: float) -> list[Step]:
        """The user typed a line."""
        book = self._book
        if turn_id in book.over or book.known(turn_id):
            book.counters["turns_repeated"] += 1
            return []
        turn = Turn(turn_id, Kind.TYPED, text=text)
        book.turns.append(turn)
        self._asked(turn, 0, now_s)
        if book.link is Link.GONE and book.owned:
            return book.end(turn, AnswerEnd.FAILED, self._reason)
        return deliver(book, now_s)

    # What the rest of the pipeline does.

    def tool_result(self, call_id: str, response: dict[str, Any], now_s: float) -> list[Step]:
        """A tool is done; its result is sent if the server still waits for it."""
        reply = self._book.calls.result(call_id, response)
        if reply is None:
            return []
        head = self._book.head
        if head is not None:
            head.replied = True
            server_turns.rearm(self._book, head, now_s)
        return [SendReply(reply), *deliver(self._book, now_s)]

    def route(self, owner: str | None, epoch: int, now_s: float) -> list[Step]:
        """Turns belong to `owner` from now on; None: nobody has said yet."""
        book = self._book
        book.answers.epoch = max(book.answers.epoch, epoch)
        was_owned, book.owned = book.owned, owner == book.answers.backend
        if book.owned:
            return deliver(book, now_s)
        under_way = [turn for turn in book.turns if turn.delivery is not Delivery.WAITING]
        return [Withdraw()] if was_owned and under_way and book.link is Link.UP else []

    def answered_elsewhere(self, turn_id: str) -> None:
        """Another backend has answered this turn, or it is closed."""
        turn = self._book.known(turn_id)
        if not self._book.owned and turn is not None:
            self._book.drop(turn)

    # What the connection does.

    def link_up(self, now_s: float) -> list[Step]:
        """Setup is confirmed."""
        self._book.link = Link.UP
        return deliver(self._book, now_s)

    def link_down(self, detail: str) -> list[Step]:
        """The connection is gone: turns whose answer has not begun wait for the next one."""
        book = self._book
        book.link = Link.DOWN
        book.aftermath = Aftermath.CLEAR
        book.stream_cursor = None
        book.calls.connection_lost()
        steps: list[Step] = []
        for turn in list(book.turns):
            if turn.delivery is Delivery.WAITING:
                continue
            if turn.progress is Progress.GENERATED:
                steps += book.complete(turn)
            elif turn.begun or turn.kind is Kind.HEARD:
                steps += book.end(turn, AnswerEnd.FAILED, f"cut off: {detail}")
            else:
                turn.rewind()
                turn.deadline_s = turn.asked_s + TURN_PATIENCE_S if turn.asked_s else None
        return steps

    def unavailable(self, reason: str) -> list[Step]:
        """There will be no connection soon: complete turns fail, for another backend to take."""
        book = self._book
        book.link = Link.GONE
        self._reason = reason
        if not book.owned:
            return []
        steps: list[Step] = []
        for turn in list(book.turns):
            if turn.end is not None:
                steps += book.end(turn, AnswerEnd.FAILED, reason)
        return steps

    def dialling(self) -> None:
        """There may be a connection soon after all."""
        self._book.link = Link.DOWN

    def server(self, event: Event, now_s: float) -> list[Step]:
        """The server said something."""
        return [*server_turns.take(self._book, event, now_s), *deliver(self._book, now_s)]

    # Time, and what others want to know.

    def deadline_s(self) -> float | None:
        """When `tick` is to be called next."""
        times = [t.deadline_s for t in self._book.turns if t.deadline_s is not None]
        return min(times, default=None)

    def tick(self, now_s: float) -> list[Step]:
        """Deal with the turns whose time is up."""
        book = self._book
        steps: list[Step] = []
        for turn in list(book.turns):
            if turn.deadline_s is None or now_s < turn.deadline_s:
                continue
            turn.deadline_s = None
            if turn.delivery is Delivery.OPEN:
                # Its sound never came. What the server has begun cannot be taken back, and the
                # next turn must not begin within it.
                steps += [*book.end(turn, AnswerEnd.FAILED, "its sound is missing"), Withdraw()]
                book.link = Link.DOWN
            elif turn.delivery is Delivery.WAITING:
                steps += book.end(turn, AnswerEnd.FAILED, "no connection in time")
            elif book.calls.pending(turn.turn_id):
                steps += self._give_up_calls(turn, now_s)
            elif turn.progress is Progress.GENERATED:
                book.aftermath = Aftermath.OWED
                steps += book.complete(turn)
            elif turn.progress is Progress.WORKING:
                steps += book.complete(turn)
            else:
                steps += self._frozen(turn)
        return [*steps, *deliver(book, now_s)]

    def owned(self) -> bool:
        """Whether turns are answered here."""
        return self._book.owned

    def open_turns(self) -> list[str]:
        """Turns that are not over, in the order in which they began."""
        return [turn.turn_id for turn in self._book.turns]

    def linked(self) -> bool:
        """Whether what is sent reaches a server that is to answer."""
        return self._book.link is Link.UP and self._book.owned

    def idle(self) -> bool:
        """Whether a new connection would disturb nothing."""
        return not self._book.turns

    def hold_from(self) -> int | None:
        """The oldest sample that may still have to be sent."""
        starts = [turn.oldest_sample for turn in self._book.turns]
        return min((start for start in starts if start is not None), default=None)

    def memorable(self) -> Memorable:
        """What a process that takes over must know."""
        book = self._book
        begun = [turn.turn_id for turn in book.turns if turn.begun]
        return Memorable(list(book.over), begun, book.answers.epoch)

    def restore(self, before: Memorable) -> list[Step]:
        """Take up where a process that was killed left off; call it before anything else."""
        book = self._book
        book.answers.epoch = before.epoch
        for turn_id in before.over:
            book.remember(turn_id)
        steps: list[Step] = []
        for turn_id in before.begun:
            turn = Turn(turn_id, Kind.TYPED, begun=True)
            book.turns.append(turn)
            steps += book.end(turn, AnswerEnd.FAILED, "cut off: the process was restarted")
        return steps

    def _asked(self, turn: Turn, end: int, now_s: float) -> None:
        turn.end = end
        turn.asked_s = now_s
        if turn.delivery is Delivery.WAITING:
            turn.progress = Progress.ASKED
        if turn.delivery is not Delivery.SENT:
            turn.deadline_s = now_s + TURN_PATIENCE_S

    def _frozen(self, turn: Turn) -> list[Step]:
        """Give up the connection that owes an answer; the next one gets the turn, once.

        Nothing is sent to wake the server first. Content with turnComplete interrupts: an answer
        that was only slow would be cut off, and made a second time. What comes of a second
        activityEnd is documented nowhere, and what the service does not expect, such as a second
        setup, it meets with 1007, which costs the session and its handle.
        """
        turn.freezes += 1
        what = "the answer stalled" if turn.begun else "no answer came"
        steps: list[Step] = [Freeze(what)]
        if turn.begun or turn.freezes > 1:
            steps = [*self._book.end(turn, AnswerEnd.FAILED, what), *steps]
        return steps

    def _give_up_calls(self, turn: Turn, now_s: float) -> list[Step]:
        steps: list[Step] = []
        for call in self._book.calls.abandoned(turn.turn_id):
            reply = Reply(call.wire_id, call.name, {"error": "no result in time"})
            steps += [self._book.answers.cancel(call), SendReply(reply)]
        server_turns.rearm(self._book, turn, now_s)
        return steps
