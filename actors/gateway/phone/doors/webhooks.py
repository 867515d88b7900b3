"""What becomes of a webhook that was proven: a call is taken, or what happened to it is noted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.errors import CallerError
from actors.gateway.phone.context import CallDirection
from actors.gateway.phone.doors.business_options import BusinessOptions, MachineDoes
from actors.gateway.phone.doors.call_control import ProviderControl
from actors.gateway.phone.doors.call_notice import CallNotice, NoticeKind
from actors.gateway.phone.doors.call_program import (
    HangUpStep,
    SpokenStep,
    Step,
    StreamOffer,
    WebhookAnswer,
)
from actors.gateway.phone.doors.call_provider import CallProvider
from actors.gateway.phone.doors.door import CallDoor
from actors.gateway.phone.doors.known_calls import OVER, CallStage, KnownCall
from actors.gateway.phone.doors.providers.telnyx import TelnyxProvider
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from pipeline.logs import Logger, lines_about

ORDER, BUSINESS = "order", "business"
"""In the query of a webhook: by which order we called, and for whom a call is."""
SPOKEN = "call.speak.ended"
"""Of Telnyx' Call Control."""
WERE_UP = (CallStage.CONNECTED, CallStage.HANDED_ON)
"""Calls that end by being hung up, in whatever words."""
OnCallEnded = Callable[[str, str, str], None]


class CallWebhooks:
    """Serves webhooks.

    Args:
        door: Who may come in.
        control: What is asked of providers.
        refusal: Sentence for a call that is not taken.
        on_ended: Is told provider, call id and reason of each call that is over.
        why_not: Returns why nobody new is served just now; empty: they are.
        log: Of the gateway.
    """

    def __init__(
        self,
        door: CallDoor,
        control: ProviderControl,
        refusal: str,
        on_ended: OnCallEnded,
        why_not: Callable[[], str],
        log: Logger,
    ) -> None:
        self.door = door
        self.control = control
        self.on_ended = on_ended
        self._refusal = refusal
        self._why_not = why_not
        self._log = log

    async def serve(
        self, provider: CallProvider, request: SignedRequest, *, asks: bool
    ) -> WebhookAnswer:
        """Return what a webhook is answered.

        Args:
            provider: Whose it is.
            request: Proven.
            asks: It came where providers ask what is to happen; elsewhere they tell something.
        """
        notice = provider.notice(request)
        labels = {
            "provider": provider.name,
            "call": notice.call_id,
            "caller": notice.caller,
            "called": notice.called,
        }
        with lines_about({name: text for name, text in labels.items() if text}):
            if asks and not notice.is_event and notice.kind is not NoticeKind.ENDED:
                return await self._asked(provider, request, notice)
            return await self._told(provider, notice)

    async def _asked(
        self, provider: CallProvider, request: SignedRequest, notice: CallNotice
    ) -> WebhookAnswer:
        identity = hashlib.sha256(request.url.encode() + b"\0" + request.body).hexdigest()
        answered = self.door.once.answered(provider.name, identity)
        if answered is not None:
            return answered
        record = self._record(provider, notice)
        if notice.kind is NoticeKind.MACHINE and record is not None:
            steps = self._on_machine(record)
            if steps:
                return provider.program(steps)
        try:
            offer = self._offer(provider, notice, record)
        except AccessDeniedError as error:
            self._log.warning("a call is not taken", detail=str(error))
            return provider.program([SpokenStep(self._refusal), HangUpStep()])
        answer = provider.stream(offer)
        self.door.once.note_answer(provider.name, identity, answer)
        return answer

    async def _told(self, provider: CallProvider, notice: CallNotice) -> WebhookAnswer:
        record = self._record(provider, notice)
        try:
            match notice.kind:
                case NoticeKind.ENDED:
                    self._ended(provider, notice, record)
                case NoticeKind.MACHINE | NoticeKind.PERSON if record is not None:
                    await self._answered_by(record, notice)
                case NoticeKind.CALLING if isinstance(provider, TelnyxProvider):
                    await self._take(provider, notice, record)
                case _ if record is not None:
                    await self._changed(provider, notice, record)
        except CallerError as error:
            # What the provider told is taken; that it does not do what it is asked is no reason
            # to have it told again.
            self._log.warning("the provider does not do what it is asked", detail=str(error))
        return WebhookAnswer()

    def _ended(self, provider: CallProvider, notice: CallNotice, record: KnownCall | None) -> None:
        if record is not None:
            was_up = record.state in WERE_UP or notice.status == "completed"
            state = CallStage.ENDED if was_up else CallStage.FAILED
            self.door.records.change(record, state, notice.status)
        self.control.forget(provider.name, notice.call_id)
        if notice.call_id:
            self.on_ended(provider.name, notice.call_id, notice.status)

    async def _answered_by(self, record: KnownCall, notice: CallNotice) -> None:
        is_machine = notice.kind is NoticeKind.MACHINE
        record.answered_by = "machine" if is_machine else "person"
        self._log.info("it is known who answered", answered_by=record.answered_by)
        steps = self._on_machine(record) if is_machine else []
        if steps:
            await self.control.redirect(record.provider, record.call_id, steps)

    async def _take(
        self, provider: TelnyxProvider, notice: CallNotice, record: KnownCall | None
    ) -> None:
        """A call of Telnyx' Call Control: a command answers it, or opens the socket of ours."""
        try:
            offer = self._offer(provider, notice, record)
        except AccessDeniedError as error:
            self._log.warning("a call is not taken", detail=str(error))
            await self.control.hang_up(provider.name, notice.call_id)
            return
        if notice.kind is NoticeKind.CALLING:
            await self.control.answer(provider, notice.call_id, offer)
        else:
            await self.control.open_stream(provider, notice.call_id, offer)

    async def _changed(self, provider: CallProvider, notice: CallNotice, record: KnownCall) -> None:
        if record.state is CallStage.STARTING:
            self.door.records.change(record, CallStage.RINGING, notice.status)
        if notice.status == SPOKEN:
            await self.control.go_on(provider.name, notice.call_id)
        is_answered = notice.status == "call.answered"
        ours = record.direction is CallDirection.OUTBOUND
        if is_answered and ours and isinstance(provider, TelnyxProvider):
            await self._take(provider, notice, record)

    def _record(self, provider: CallProvider, notice: CallNotice) -> KnownCall | None:
        records = self.door.records
        ordered = records.find(notice.said.get(ORDER, "")) if notice.said.get(ORDER) else None
        record = ordered or records.of_call(provider.name, notice.call_id)
        if record is None or record.provider != provider.name:
            return None
        records.name(record, notice.call_id)
        return record

    def _offer(
        self, provider: CallProvider, notice: CallNotice, record: KnownCall | None
    ) -> StreamOffer:
        """Take a call.

        Raises:
            AccessDeniedError: it is not taken.
        """
        direction = notice.direction
        if record is not None:
            direction = record.direction or direction
        ours = notice.caller if direction is CallDirection.OUTBOUND else notice.called
        named = notice.said.get(BUSINESS, "") if record is None else record.business
        business = self.door.businesses.find(named, ours)
        why = self._why_not()
        if why:
            raise AccessDeniedError(Denial.OVERLOADED, why)
        if record is None:
            record = self.door.records.new(
                provider.name, call_id=notice.call_id, direction=direction, business=business
            )
        record.caller, record.called = notice.caller, notice.called
        if record.state in OVER:
            record.state = CallStage.STARTING
        token = self.door.tokens.mint(
            provider.name,
            notice.call_id,
            business=business,
            direction=direction,
            order=record.id,
            said={"caller": notice.caller, "called": notice.called},
        )
        parameters = {
            "business": business,
            "direction": "" if direction is None else direction.value,
            "caller": notice.caller,
            "called": notice.called,
            "call_id": notice.call_id,
            **record.parameters,
        }
        return StreamOffer(
            self.door.public(f"/phone/{provider.name}/{token}", socket=True),
            {name: text for name, text in parameters.items() if text},
            self.door.public(f"/phone/{provider.name}/status"),
        )

    def _on_machine(self, record: KnownCall) -> list[Step]:
        """Return what is done with a machine; nothing: it is talked to."""
        business: BusinessOptions = self.door.businesses.options(record.business)
        match MachineDoes(record.on_machine or business.on_machine):
            case MachineDoes.HANG_UP:
                return [HangUpStep()]
            case MachineDoes.MESSAGE:
                text = record.message or business.message
                return [SpokenStep(text, business.language or ""), HangUpStep()]
        return []
