"""Calls that are started from here: by REST, and when somebody is called back."""

from __future__ import annotations

import time
import uuid
from typing import Any

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.access.token_bucket import Rate, TokenBucket
from actors.gateway.errors import CallerError
from actors.gateway.phone.context import CallDirection
from actors.gateway.phone.doors.business_options import MachineDoes, number_key
from actors.gateway.phone.doors.call_control import ProviderControl
from actors.gateway.phone.doors.call_program import OutboundCall
from actors.gateway.phone.doors.door import CallDoor
from actors.gateway.phone.doors.expected_calls import ExpectedCall
from actors.gateway.phone.doors.known_calls import OVER, CallStage, KnownCall
from actors.gateway.phone.doors.outbound_options import OutboundOptions
from actors.gateway.phone.doors.providers.exchange import ExchangeProvider
from actors.gateway.phone.doors.providers.exotel import ExotelProvider

CONNECTS_S = 15.0
"""From the answer to the media socket: an exchange does the one right after the other."""
BURST_S = 10.0
"""What may be started in ten seconds may be started at once."""


class Outbound:
    """Starts calls.

    Args:
        door: Who may come in: also the provider, when the call is answered.
        control: What is asked of providers.
        options: How many, and whom.
    """

    def __init__(self, door: CallDoor, control: ProviderControl, options: OutboundOptions) -> None:
        self._door = door
        self._control = control
        self._options = options
        per_s = options.per_minute / 60
        rate = Rate(per_s, max(1.0, per_s * BURST_S))
        self._bucket = TokenBucket(rate, time.monotonic())

    async def start(
        self,
        to: str,
        *,
        provider: str = "",
        from_number: str = "",
        business: str = "",
        credential: str = "",
        manner: dict[str, Any] | None = None,
        parameters: dict[str, str] | None = None,
        on_machine: MachineDoes | None = None,
        message: str = "",
        rings_s: int | None = None,
    ) -> KnownCall:
        """Start a call, and return what is known of it.

        Args:
            to: Number or address that is called.
            provider: By whom; empty: by the only one that can.
            from_number: As which number; empty: as that of the account.
            business: For whom; empty: as for a call from that number.
            credential: Of who starts it.
            manner: What is to be otherwise than for the business: fields of `CallContext`.
            parameters: What the call is given.
            on_machine: What becomes of it if a machine answers; None: as of the business.
            message: What is left on the machine.
            rings_s: How long it rings; None: as in the options.

        Raises:
            CallerError: it cannot be started, and why.
        """
        rest = self._control.rest(provider or self._only())
        ours = from_number or rest.number
        if not ours:
            raise CallerError(
                f"say as which number: `from`, or `number` of phone.accounts.{rest.name}"
            )
        found = self._door.businesses.find(business, ours)
        self._check(to)
        record = self._door.records.new(
            rest.name,
            direction=CallDirection.OUTBOUND,
            business=found,
            caller=ours,
            called=to,
            credential=credential,
            manner=manner or {},
            parameters=parameters or {},
            on_machine=on_machine or "",
            message=message,
        )
        try:
            await self._control.start(record, self._call(record, rings_s))
        except CallerError as error:
            self._door.records.change(record, CallStage.FAILED, str(error))
            raise
        if self._is_of_exchange(record):
            self._expect(record, rings_s or self._options.rings_s)
        return record

    def starters(self) -> list[str]:
        """Return the names of providers by whom calls can be started."""
        return self._control.starters()

    def _expect(self, record: KnownCall, rings_s: int) -> None:
        """Its media socket brings its name, and it is not told of if nobody answers."""
        expected = ExpectedCall(
            record.business, record.caller, record.called, record.direction, record.parameters
        )
        lasts_s = rings_s + CONNECTS_S
        self._door.expected.add(record.call_id, expected, lasts_s)
        self._door.records.rings(record, lasts_s)

    def _is_of_exchange(self, record: KnownCall) -> bool:
        return isinstance(self._door.provider(record.provider), ExchangeProvider)

    def _call(self, record: KnownCall, rings_s: int | None) -> OutboundCall:
        if self._is_of_exchange(record):
            return OutboundCall(
                record.called,
                record.caller,
                answer_url="",
                status_url="",
                rings_s=rings_s or self._options.rings_s,
                name=str(uuid.uuid4()),
            )
        business = self._door.businesses.options(record.business)
        detects = MachineDoes(record.on_machine or business.on_machine)
        path, query = f"/phone/{record.provider}", f"?order={record.id}"
        public = self._door.public
        return OutboundCall(
            record.called,
            record.caller,
            answer_url=self._socket(record)
            if record.provider == ExotelProvider.name
            else public(f"{path}/answer{query}"),
            status_url=public(f"{path}/status{query}"),
            machine_url="" if detects is MachineDoes.TALK else public(f"{path}/machine{query}"),
            rings_s=rings_s or self._options.rings_s,
        )

    def _only(self) -> str:
        names = self.starters()
        if len(names) == 1:
            return names[0]
        if not names:
            raise CallerError(
                "no provider can start calls: set the ids and secrets of one in phone.accounts"
            )
        raise CallerError(f"say by which provider: there are {', '.join(names)}")

    def _check(self, to: str) -> None:
        beginnings = self._options.numbers
        key = number_key(to)
        if beginnings and not any(key.startswith(number_key(each)) for each in beginnings):
            raise AccessDeniedError(
                Denial.NUMBER_REFUSED,
                f"{to} may not be called: phone.outbound.numbers has {', '.join(beginnings)}",
            )
        under_way = sum(
            record.direction is CallDirection.OUTBOUND and record.state not in OVER
            for record in self._door.records
        )
        most = self._options.at_once
        if under_way >= most:
            raise AccessDeniedError(
                Denial.CALLS_AT_ONCE, f"{most} calls that were started are under way", 10.0
            )
        wait_s = self._bucket.take(1.0, time.monotonic())
        if wait_s:
            raise AccessDeniedError(Denial.CALLS_AT_ONCE, "too many calls are started", wait_s)

    def _socket(self, record: KnownCall) -> str:
        """Exotel is told the socket itself, before the call has a name."""
        token = self._door.tokens.mint(
            record.provider,
            "",
            business=record.business,
            direction=record.direction,
            order=record.id,
            said={"caller": record.caller, "called": record.called},
        )
        return self._door.public(f"/phone/{record.provider}/{token}", socket=True)
