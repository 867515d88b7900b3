"""Ledger of tool calls: each is answered exactly once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from pipeline.frames import ToolCall, ToolCancel

REMEMBERED = 2000
"""Answered calls that are remembered. Replay reaches back 30 s; this is 60 calls a second."""


class CallKey(NamedTuple):
    """A call is known by its id within its session."""

    session: str
    call_id: str

    @classmethod
    def of(cls, frame: ToolCall | ToolCancel) -> CallKey:
        """Return the key of the call that a frame speaks of."""
        return cls(frame.session, frame.call_id)


class CallStatus(StrEnum):
    """Where a call stands."""

    ACCEPTED = "accepted"
    ANSWERED = "answered"


@dataclass(frozen=True)
class CallEntry:
    """One call as the ledger knows it."""

    key: CallKey
    turn: str
    name: str
    phase: CallStatus


class CallLedger:
    """Pure bookkeeping: no clock, no file, no thread."""

    def __init__(self, entries: Iterable[CallEntry] = (), remembered: int = REMEMBERED) -> None:
        """Begin with what an earlier process left."""
        self._remembered = remembered
        self._open: dict[CallKey, CallEntry] = {}
        self._answered: OrderedDict[CallKey, CallEntry] = OrderedDict()
        for entry in entries:
            if entry.phase is CallStatus.ACCEPTED:
                self._open[entry.key] = entry
            else:
                self._remember(entry)

    def accept(self, call: ToolCall) -> CallEntry | None:
        """Take a call on; returns None if it was seen before and must not be run."""
        key = CallKey.of(call)
        if key in self._open or key in self._answered:
            return None
        entry = CallEntry(key, call.turn, call.name, CallStatus.ACCEPTED)
        self._open[key] = entry
        return entry

    def answer(self, key: CallKey) -> CallEntry | None:
        """Claim the one answer to a call; returns None if there is none to give any more."""
        entry = self._open.pop(key, None)
        if entry is None:
            return None
        answered = replace(entry, phase=CallStatus.ANSWERED)
        self._remember(answered)
        return answered

    def forget(self, session: str) -> None:
        """A session has ended: its calls come no more, and have no answer."""
        for table in (self._open, self._answered):
            for key in [key for key in table if key.session == session]:
                del table[key]

    def unanswered(self) -> list[CallEntry]:
        """Calls taken on and not answered, oldest first."""
        return list(self._open.values())

    def entries(self) -> list[CallEntry]:
        """Everything worth keeping for the next process."""
        return [*self._answered.values(), *self._open.values()]

    def _remember(self, entry: CallEntry) -> None:
        self._answered[entry.key] = entry
        while len(self._answered) > self._remembered:
            self._answered.popitem(last=False)
