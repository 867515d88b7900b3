"""Calls that are known: those that we started, and those that came."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from actors.gateway.phone.context import CallDirection

KEPT_S = 3600.0
"""After its end: whoever started a call asks what became of it."""
LONGEST_S = 24 * 3600.0
"""A call of which no end was told is forgotten: Twilio ends calls after a day at most."""
MOST = 20_000
"""Calls known at once; 20 MB. Not all providers tell the end of a call, and none that is new is
refused for those: the oldest is forgotten."""


class CallStage(StrEnum):
    """How a call is."""

    STARTING = "starting"
    RINGING = "ringing"
    CONNECTED = "connected"
    HANDED_ON = "handed_on"
    """It goes on without us: of its end only a webhook can tell."""
    ENDED = "ended"
    FAILED = "failed"


OVER = (CallStage.ENDED, CallStage.FAILED)


@dataclass
class KnownCall:
    """A call.

    Attributes:
        id: Our own name of it.
        provider: By whom it comes.
        direction: Who called whom; None if it is not known.
        business: For whom it is.
        caller, called: Numbers or addresses.
        credential: Who started it; empty: nobody did, or nobody was asked.
        manner: What whoever started it wants otherwise than the business: fields of `CallContext`.
        parameters: What it gave the call.
        on_machine: What becomes of it if an answering machine took it; empty: as of the business.
        message: What is left on the machine; empty: likewise.
        call_id: The provider's name of it; empty until it is known.
        state: How it is.
        detail: The same in the provider's words.
        answered_by: `person` or `machine`, where the provider found out.
        touched_s: When it changed last, by the clock of the table.
        rings_until_s: By then it was answered, or never will be: nobody would tell; by that clock.
    """

    id: str
    provider: str
    direction: CallDirection | None = None
    business: str = ""
    caller: str = ""
    called: str = ""
    credential: str = ""
    manner: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    on_machine: str = ""
    message: str = ""
    call_id: str = ""
    state: CallStage = CallStage.STARTING
    detail: str = ""
    answered_by: str = ""
    touched_s: float = 0.0
    rings_until_s: float = math.inf

    def summary(self) -> dict[str, Any]:
        """Return what is told of it over REST."""
        return {
            "id": self.id,
            "call_id": self.call_id,
            "provider": self.provider,
            "direction": self.direction,
            "business": self.business,
            "caller": self.caller,
            "called": self.called,
            "state": self.state,
            "detail": self.detail,
            "answered_by": self.answered_by,
        }


class KnownCalls:
    """All of them.

    Args:
        clock: Seconds that do not go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_id: dict[str, KnownCall] = {}
        self._by_call: dict[tuple[str, str], KnownCall] = {}

    def __iter__(self) -> Iterator[KnownCall]:
        self._give_up_ringing()
        return iter(list(self._by_id.values()))

    def new(self, provider: str, **fields: Any) -> KnownCall:
        """Return the record of a new call; arguments as of `KnownCall`."""
        self._forget_old()
        if len(self._by_id) >= MOST:
            self.forget(next(iter(self._by_id.values())))
        record = KnownCall(secrets.token_hex(12), provider, **fields)
        record.touched_s = self._clock()
        self._by_id[record.id] = record
        if record.call_id:
            self._by_call[provider, record.call_id] = record
        return record

    def of_call(self, provider: str, call_id: str) -> KnownCall | None:
        """Return a call by the provider's name of it."""
        return self._by_call.get((provider, call_id))

    def find(self, name: str) -> KnownCall | None:
        """Return a call by our own name of it, or by the provider's."""
        self._give_up_ringing()
        known = self._by_id.get(name)
        named = (record for (_, call), record in self._by_call.items() if call == name)
        return known or next(named, None)

    def name(self, record: KnownCall, call_id: str) -> None:
        """The provider's name of a call is known, or it has another one now."""
        if not call_id or record.call_id == call_id:
            return
        self._by_call.pop((record.provider, record.call_id), None)
        record.call_id = call_id
        self._by_call[record.provider, call_id] = record

    def change(self, record: KnownCall, state: CallStage, detail: str = "") -> None:
        """A call is somewhere else on its way; one that is over stays so."""
        if record.state not in OVER:
            record.state = state
            record.detail = detail or record.detail
            record.touched_s = self._clock()

    def rings(self, record: KnownCall, seconds: float) -> None:
        """Nobody tells of a call that it was not answered: it was not, if it does not come."""
        record.rings_until_s = self._clock() + seconds

    def connect(self, record: KnownCall) -> None:
        """Its media socket is there: whatever was heard of it before, it is not over."""
        record.state = CallStage.CONNECTED
        record.touched_s = self._clock()

    def forget(self, record: KnownCall) -> None:
        """Forget a call."""
        self._by_id.pop(record.id, None)
        self._by_call.pop((record.provider, record.call_id), None)

    def _give_up_ringing(self) -> None:
        now_s = self._clock()
        for record in self._by_id.values():
            if record.rings_until_s < now_s and record.state in (
                CallStage.STARTING,
                CallStage.RINGING,
            ):
                self.change(record, CallStage.FAILED, "nobody answered")

    def _forget_old(self) -> None:
        now_s = self._clock()
        for record in self:
            kept_s = KEPT_S if record.state in OVER else LONGEST_S
            if now_s - record.touched_s > kept_s:
                self.forget(record)
