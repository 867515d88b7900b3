"""Tool calls: each is carried out once and each id answered at most once, whoever asks for it.

Across connections, processes and backends: after a break or a change of the route the model is
asked anew, and asks for the same function again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from pipeline.frames import ToolResult, ToolStatus
from pipeline.frames.values import problem_of

KEPT_CALLS = 200
"""Calls remembered: one asked for anew after a reconnect is not carried out anew."""


class CallState(Enum):
    """Who waits for the result."""

    WAITED = auto()
    """The model waits for it."""
    ANSWERED = auto()
    """The model has it."""
    CANCELLED = auto()
    """Nobody wants it any more."""
    ORPHANED = auto()
    """Who asked is gone; the next may ask again."""
    LATE = auto()
    """Who asked is gone, and its turn is over: nobody asks again, but the user was told to wait."""


@dataclass
class CallRecord:
    """One call; `call_id` is its name in the pipeline, `wire_id` the model's newest for it.

    What another backend asked for is known by its result alone: `args` is None.
    """

    turn: str
    call_id: str
    name: str
    args: dict[str, Any] | None
    wire_id: str
    state: CallState = CallState.WAITED
    status: ToolStatus | None = None
    response: dict[str, Any] | None = None
    outlived: bool = False
    """Its turn is over, and the model still waits."""
    until_s: float | None = None
    """When its result is no news any more, monotonic; None: it is."""
    told_by_s: float | None = None
    """When a service that was sent its result has told it, or will not, monotonic; None: it was not
    sent, or the service has something else to say first."""

    def to_json(self) -> dict[str, Any]:
        """As plain values, for a process that takes over."""
        kept = ("turn", "call_id", "name", "args", "wire_id", "response", "until_s", "told_by_s")
        return {name: getattr(self, name) for name in kept}

    def is_news(self, now_s: float) -> bool:
        """Whether its result is still worth telling."""
        return self.until_s is None or now_s <= self.until_s

    def is_told(self, now_s: float) -> bool:
        """Whether a service has had its time to tell its result."""
        return self.told_by_s is not None and now_s > self.told_by_s

    def is_same(self, turn: str, name: str, args: dict[str, Any]) -> bool:
        """Return whether it is the same function in the same turn with the same arguments.

        What another backend asked for is the same if it was carried out.
        """
        if (self.turn, self.name) != (turn, name):
            return False
        return self.status is ToolStatus.OK if self.args is None else self.args == args


@dataclass(frozen=True)
class ToolReply:
    """A response that the model is waiting for."""

    wire_id: str
    name: str
    response: dict[str, Any]


@dataclass(frozen=True)
class LateResult:
    """A response for which nobody waits any more but the user."""

    call: CallRecord


class ToolCalls:
    """The ledger of a session's calls. No clock, no socket."""

    def __init__(self, counters: Counter[str]) -> None:
        self._calls: dict[str, CallRecord] = {}
        self._counters = counters

    def requested(
        self, turn: str, wire_id: str, name: str, args: dict[str, Any]
    ) -> CallRecord | ToolReply | None:
        """The model asks. Returns a new call to carry out, a reply known already, or nothing.

        What cannot be sent to those who carry it out is answered with an error.
        """
        if problem := problem_of(args):
            self._counters["calls_impossible"] += 1
            response = {"error": f"not carried out: {problem}; give it in another form"}
            return ToolReply(wire_id, name, response)
        repeated = self._is_open(wire_id)
        known = None if repeated else self._orphan(turn, wire_id, name, args)
        if known is None:
            if repeated or wire_id in self._calls:
                self._counters["calls_repeated"] += 1
                return None
            self._forget()
            call = self._calls[wire_id] = CallRecord(turn, wire_id, name, args, wire_id)
            return call
        self._counters["calls_repeated"] += 1
        known.wire_id = wire_id
        if known.response is None:
            known.state = CallState.WAITED
            return None
        return self._answer(known, known.response)

    def result(self, result: ToolResult) -> ToolReply | LateResult | None:
        """The outcome of a call; None if nobody waits for it."""
        call = self._calls.get(result.call_id)
        if call is None:
            self._forget()
            call = CallRecord(result.turn, result.call_id, result.name, None, result.call_id)
            call.state = CallState.ORPHANED
            self._calls[result.call_id] = call
        if call.response is None:
            call.response, call.status = result.response, result.status
            if call.state is CallState.WAITED:
                return self._answer(call, call.response)
            if call.state is CallState.LATE:
                call.state = CallState.ANSWERED
                return LateResult(call)
            if result.status is ToolStatus.OK:
                # Cancelled too late: whoever asks again need not have it carried out again.
                call.state = CallState.ORPHANED
        self._counters["results_dropped"] += 1
        return None

    def cancelled(self, wire_ids: tuple[str, ...]) -> list[CallRecord]:
        """The model lost interest; returns the calls that were still waited for."""
        return self._cancel(
            call
            for call in self._calls.values()
            if call.state is CallState.WAITED and call.wire_id in wire_ids
        )

    def abandoned(self, turn: str) -> list[CallRecord]:
        """The turn is over without its results; returns its calls that have none."""
        return self._cancel(
            call
            for call in self._calls.values()
            if call.turn == turn and call.response is None and call.state is not CallState.CANCELLED
        )

    def owed(self, heard: Collection[str]) -> list[CallRecord]:
        """Calls without a result of which the user has been told.

        Args:
            heard: Open turns of whose answer something was heard; what was called in others is
                asked for anew.
        """
        return [
            call
            for call in self._calls.values()
            if call.response is None
            and (
                call.state is CallState.LATE
                or (call.state is CallState.WAITED and (call.outlived or call.turn in heard))
            )
        ]

    def restore(self, call: CallRecord) -> None:
        """Know a call of a process that was killed; nobody but the user waits for it."""
        call.state = CallState.LATE if call.response is None else CallState.ANSWERED
        self._calls[call.call_id] = call

    def known(self, call_id: str) -> CallRecord | None:
        """The call of that name in the pipeline."""
        return self._calls.get(call_id)

    def outlive(self, turn: str) -> None:
        """The turn is over; what the model has called in it and still waits for is told later."""
        for call in self._calls.values():
            if call.turn == turn and call.state is CallState.WAITED:
                call.outlived = True

    def released(self) -> None:
        """Who asked is gone: none of its ids is waited for any more."""
        for call in self._calls.values():
            if call.state is CallState.WAITED and call.outlived:
                call.state = CallState.LATE
            elif call.state not in (CallState.CANCELLED, CallState.LATE):
                call.state = CallState.ORPHANED

    def pending(self, turn: str | None = None) -> bool:
        """Whether the model waits for a result, of that turn or of any."""
        return any(
            call.state is CallState.WAITED and (turn is None or call.turn == turn)
            for call in self._calls.values()
        )

    def _is_open(self, wire_id: str) -> bool:
        """Whether who asks now has asked with this id before."""
        asked = (CallState.WAITED, CallState.ANSWERED)
        return any(c.wire_id == wire_id and c.state in asked for c in self._calls.values())

    def _orphan(
        self, turn: str, wire_id: str, name: str, args: dict[str, Any]
    ) -> CallRecord | None:
        gone = (CallState.ORPHANED, CallState.LATE)
        orphans = [call for call in self._calls.values() if call.state in gone]
        same_id = [call for call in orphans if call.wire_id == wire_id]
        same_call = [call for call in orphans if call.is_same(turn, name, args)]
        return next(iter(same_id + same_call), None)

    def _answer(self, call: CallRecord, response: dict[str, Any]) -> ToolReply:
        call.state = CallState.ANSWERED
        return ToolReply(call.wire_id, call.name, response)

    @staticmethod
    def _cancel(calls: Iterable[CallRecord]) -> list[CallRecord]:
        stopped = list(calls)
        for call in stopped:
            call.state = CallState.CANCELLED
        return stopped

    def _forget(self) -> None:
        for call_id in list(self._calls)[: max(0, len(self._calls) - KEPT_CALLS)]:
            if self._calls[call_id].state is not CallState.WAITED:
                del self._calls[call_id]
