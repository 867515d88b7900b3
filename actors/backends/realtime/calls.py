"""Tool calls: each is carried out once and each id answered at most once, across connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

KEPT_CALLS = 200
"""Calls remembered: one asked for anew after a reconnect is not carried out anew."""


class CallState(Enum):
    """Who waits for the result."""

    WAITED = auto()
    """The server waits for it."""
    ANSWERED = auto()
    """The server has it."""
    CANCELLED = auto()
    """Nobody wants it any more."""
    ORPHANED = auto()
    """The connection that asked is gone; the next may ask again."""


@dataclass
class Call:
    """One call; `call_id` is its name in the pipeline, `wire_id` the server's newest for it."""

    turn: str
    call_id: str
    name: str
    args: dict[str, Any]
    wire_id: str
    state: CallState = CallState.WAITED
    response: dict[str, Any] | None = None


@dataclass(frozen=True)
class Reply:
    """A response that the server is waiting for."""

    wire_id: str
    name: str
    response: dict[str, Any]


class Calls:
    """The ledger of calls. No clock, no socket."""

    def __init__(self, counters: Counter[str]) -> None:
        self._calls: dict[str, Call] = {}
        self._counters = counters

    def requested(
        self, turn: str, wire_id: str, name: str, args: dict[str, Any]
    ) -> Call | Reply | None:
        """The server asks. Returns a new call to carry out, a reply known already, or nothing.

        After a reconnect the turn is sent again and the model asks again, under a new id: the
        same function with the same arguments in the same turn is the same call.
        """
        known = self._orphan(turn, wire_id, name, args)
        if known is None:
            if wire_id in self._calls:
                self._counters["calls_repeated"] += 1
                return None
            self._forget()
            call = self._calls[wire_id] = Call(turn, wire_id, name, args, wire_id)
            return call
        self._counters["calls_repeated"] += 1
        known.wire_id = wire_id
        if known.response is None:
            known.state = CallState.WAITED
            return None
        return self._answer(known, known.response)

    def result(self, call_id: str, response: dict[str, Any]) -> Reply | None:
        """The outcome of a call; None if nobody waits for it."""
        call = self._calls.get(call_id)
        if call is None or call.response is not None:
            self._counters["results_dropped"] += 1
            return None
        call.response = response
        if call.state is CallState.WAITED:
            return self._answer(call, response)
        self._counters["results_dropped"] += 1
        return None

    def cancelled(self, wire_ids: tuple[str, ...]) -> list[Call]:
        """The server lost interest; returns the calls that were still waited for."""
        return self._cancel(
            call
            for call in self._calls.values()
            if call.state is CallState.WAITED and call.wire_id in wire_ids
        )

    def abandoned(self, turn: str) -> list[Call]:
        """The turn is over without its results; returns its calls that have none."""
        return self._cancel(
            call
            for call in self._calls.values()
            if call.turn == turn and call.response is None and call.state is not CallState.CANCELLED
        )

    def connection_lost(self) -> None:
        """No id of that connection is waited for any more."""
        for call in self._calls.values():
            if call.state is not CallState.CANCELLED:
                call.state = CallState.ORPHANED

    def pending(self, turn: str | None = None) -> bool:
        """Whether the server waits for a result, of that turn or of any."""
        return any(
            call.state is CallState.WAITED and (turn is None or call.turn == turn)
            for call in self._calls.values()
        )

    def _orphan(self, turn: str, wire_id: str, name: str, args: dict[str, Any]) -> Call | None:
        orphans = [c for c in self._calls.values() if c.state is CallState.ORPHANED]
        same_id = [call for call in orphans if call.wire_id == wire_id]
        same_call = [c for c in orphans if (c.turn, c.name, c.args) == (turn, name, args)]
        return next(iter(same_id + same_call), None)

    def _answer(self, call: Call, response: dict[str, Any]) -> Reply:
        call.state = CallState.ANSWERED
        return Reply(call.wire_id, call.name, response)

    @staticmethod
    def _cancel(calls: Iterable[Call]) -> list[Call]:
        stopped = list(calls)
        for call in stopped:
            call.state = CallState.CANCELLED
        return stopped

    def _forget(self) -> None:
        for call_id in list(self._calls)[: max(0, len(self._calls) - KEPT_CALLS)]:
            if self._calls[call_id].state is not CallState.WAITED:
                del self._calls[call_id]
