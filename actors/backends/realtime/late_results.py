"""Results of functions that came after the user had gone on: each is told, once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from actors.backends.tool_calls import CallRecord
from actors.backends.turn_kind import RESULT_IS_HERE


@dataclass
class LateResults:
    """What the service has been sent about turns that are over, and has not told yet.

    Attributes:
        tell_s: In which a service that has nothing else to say begins to tell of a result.
        told_by_s: When it has told it, or will not; None: it has something else to say first.
    """

    tell_s: float
    told_by_s: float | None = None
    _calls: list[CallRecord] = field(default_factory=list)

    @property
    def is_owed(self) -> bool:
        """Whether the service is to tell of something."""
        return bool(self._calls)

    def sent(self, call: CallRecord, now_s: float, *, idle: bool) -> None:
        """A result was sent; `idle`: the service has nothing else to say."""
        self._calls.append(call)
        self.told_by_s = now_s + self.tell_s if idle else None

    def idle(self, now_s: float) -> None:
        """The service has nothing else to say."""
        if self._calls and self.told_by_s is None:
            self.told_by_s = now_s + self.tell_s

    def told(self) -> None:
        """The service tells of it, or has told of it in an answer."""
        self._calls.clear()
        self.told_by_s = None

    def lost(self, now_s: float) -> list[CallRecord]:
        """The connection broke; return what a new one has to be told."""
        late = [] if self.told_by_s is not None and now_s > self.told_by_s else list(self._calls)
        self.told()
        return late


def report_of(call: CallRecord) -> str:
    """What the model is told of a call that this connection does not know."""
    return RESULT_IS_HERE.format(
        name=call.name, args=json.dumps(call.args or {}), response=json.dumps(call.response or {})
    )
