"""What goes to the server: compares what the user gave with what this connection has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from actors.backends.realtime.delivery import (
    deliver,
    deliver_or_fail,
    go_on,
    report,
    report_held,
    write,
)
from actors.backends.realtime.link import Activity
from actors.backends.realtime.steps import AbortLink, SendActivity, SendReply, Step
from actors.backends.realtime.turn_state import Drain, LinkState, TurnState
from actors.backends.realtime.turns import Delivery, RealtimeTurn
from actors.backends.tool_calls import LateResult
from actors.backends.turn_kind import SPEAK_FIRST, TurnKind
from pipeline.frames import AnswerEnd, ToolResult

NOTHING: Mapping[str, str] = MappingProxyType({})


class Uplink:
    """Takes what happened and the monotonic time in seconds; returns the steps to take."""

    def __init__(self, state: TurnState) -> None:
        self._state = state

    def speech_started(self, turn_id: str, position: int, now_s: float) -> list[Step]:
        """The local detector heard speech from `position` on."""
        state = self._state
        if turn_id in state.over or state.known(turn_id):
            state.counters["turns_repeated"] += 1
            return []
        for turn in list(state.turns):
            if turn.end is None:
                state.ask(turn, max(turn.start, position), now_s)
            if not state.owned:
                state.set_aside(turn, now_s)
                state.drop(turn)
        steps = self._speak_no_more()
        state.turns.append(RealtimeTurn(turn_id, TurnKind.SPOKEN, start=position, cursor=position))
        return [*steps, *deliver(state, now_s)]

    def speech_ended(self, turn_id: str, start: int, end: int, now_s: float) -> list[Step]:
        """The turn's last sample is the one before `end`."""
        state = self._state
        if turn_id in state.over:
            return []
        steps: list[Step] = []
        if state.known(turn_id) is None:
            steps += self.speech_started(turn_id, start, now_s)
        turn = state.known(turn_id)
        if turn is None or turn.end is not None:
            return steps
        state.ask(turn, end, now_s)
        return [*steps, *deliver_or_fail(state, turn, now_s)]

    def audio_heard(self, start: int, end: int, now_s: float) -> list[Step]:
        """Sound from `start` to `end` is at hand."""
        self._state.heard_start = start
        self._state.heard_end = end
        if not self._state.turns and self._state.limits.local_turns:
            return []
        return deliver(self._state, now_s)

    def stream_ended(self) -> list[Step]:
        """The microphone says no more."""
        wanted = not self._state.limits.local_turns and self._state.linked
        return [SendActivity(Activity.PAUSED)] if wanted else []

    def typed(self, turn_id: str, text: str, now_s: float) -> list[Step]:
        """The user typed a line."""
        state = self._state
        if turn_id in state.over or state.known(turn_id):
            state.counters["turns_repeated"] += 1
            return []
        steps = self._speak_no_more()
        return [*steps, *write(state, RealtimeTurn(turn_id, TurnKind.TYPED, text=text), now_s)]

    def speak_first(self, turn_id: str, now_s: float) -> list[Step]:
        """The model begins the conversation, if it has not begun."""
        if self._state.over:
            return []
        turn = RealtimeTurn(turn_id, TurnKind.PROMPTED, text=SPEAK_FIRST)
        return write(self._state, turn, now_s)

    def tool_result(self, result: ToolResult, now_s: float) -> list[Step]:
        """A tool is done; its result is sent if the server still waits for it."""
        state = self._state
        reply = state.calls.result(result)
        if reply is None:
            return []
        if isinstance(reply, LateResult):
            return report(state, reply.call, now_s)
        head, call = state.head, state.calls.known(result.call_id)
        if head is not None and (call is None or call.turn == head.turn_id):
            head.replied = True
            state.rearm(head, now_s)
        elif call is not None:
            idle = head is None and state.drain is not Drain.OWED
            state.late_results.sent(call, now_s, idle=idle)
        return [SendReply(reply), *deliver(state, now_s)]

    def route(
        self,
        owner: str | None,
        epoch: int,
        now_s: float,
        unspoken: Mapping[str, str] = NOTHING,
    ) -> list[Step]:
        """Turns belong to `owner` from now on; None: nobody has said yet.

        `unspoken`: what the model is told of answers that another backend has begun, by turn.
        """
        state = self._state
        state.frames.epoch = max(state.frames.epoch, epoch)
        was_owned, state.owned = state.owned, owner == state.frames.backend
        if state.owned:
            steps = [s for turn, text in unspoken.items() for s in go_on(state, turn, text, now_s)]
            return [*steps, *report_held(state, now_s), *deliver(state, now_s)]
        under_way = [turn for turn in state.turns if turn.delivery is not Delivery.WAITING]
        return [AbortLink()] if was_owned and under_way and state.link is LinkState.UP else []

    def answered_elsewhere(self, turn_id: str) -> None:
        """Another backend has answered this turn, or it is closed."""
        turn = self._state.known(turn_id)
        if not self._state.owned and turn is not None:
            self._state.drop(turn)

    def _speak_no_more(self) -> list[Step]:
        """The user has begun: what the model was to say, and has not begun, it never does."""
        kinds = (TurnKind.PROMPTED, TurnKind.CONTINUED)
        return [
            step
            for turn in list(self._state.turns)
            if turn.kind in kinds and turn.delivery is Delivery.WAITING
            for step in self._state.end(turn, AnswerEnd.INTERRUPTED, "the user spoke first")
        ]
