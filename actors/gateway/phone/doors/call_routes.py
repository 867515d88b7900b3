"""REST for calls: started, announced, looked at, handed on and ended."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from actors.gateway.access.access import Access, principal_of
from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.access.principal import Principal
from actors.gateway.access.scopes import AccessScope
from actors.gateway.errors import CallerError, NoSessionError
from actors.gateway.phone.context import CallDirection
from actors.gateway.phone.doors.business_options import MachineDoes
from actors.gateway.phone.doors.expected_calls import LASTS_S, ExpectedCall
from actors.gateway.phone.doors.known_calls import OVER, KnownCall
from actors.gateway.phone.doors.phone_doors import PhoneDoors
from actors.gateway.website.requests import MOST_TEXT_CHARACTERS
from actors.gateway.website.small_body import small_bodies

MOST_NAME = 200
"""Characters of a name or a number; call ids of Telnyx have some 80."""
MOST_PARAMETERS = 50


class StartedCallRequest(BaseModel):
    """A call that is to be started."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    to: str = Field(min_length=1, max_length=MOST_NAME, description="Number, or `sip:` address.")
    from_number: str = Field(
        "", alias="from", max_length=MOST_NAME, description="Left out: as in phone.accounts."
    )
    provider: str = Field("", description="Left out: the only one that can start calls.")
    business: str = Field("", description="Id; left out: that of the number `from`.")
    instruction: str | None = Field(None, max_length=MOST_TEXT_CHARACTERS)
    language: str | None = Field(None, max_length=MOST_NAME)
    voice: str | None = Field(None, max_length=MOST_NAME)
    speaks_first: bool | None = Field(None, description="The model begins once it is answered.")
    lasts_s: float | None = Field(None, gt=0)
    parameters: dict[str, str] = Field({}, max_length=MOST_PARAMETERS)
    on_machine: MachineDoes | None = Field(None, description="If an answering machine answers.")
    message: str = Field("", max_length=2000, description="What is left on it.")
    rings_s: int | None = Field(None, ge=5, le=600)

    def manner(self) -> dict[str, Any]:
        """Return what is to be otherwise than for the business."""
        names = ("instruction", "language", "voice", "speaks_first", "lasts_s")
        given = {name: getattr(self, name) for name in names}
        return {name: value for name, value in given.items() if value is not None}


class ExpectedCallRequest(BaseModel):
    """A call that an exchange is about to connect."""

    model_config = ConfigDict(extra="forbid")

    call_id: str = Field(
        min_length=1, max_length=MOST_NAME, description="Its name; of AudioSocket the UUID."
    )
    business: str = ""
    caller: str = Field("", max_length=MOST_NAME)
    called: str = Field("", max_length=MOST_NAME)
    direction: CallDirection | None = None
    parameters: dict[str, str] = Field({}, max_length=MOST_PARAMETERS)
    lasts_s: float = Field(LASTS_S, gt=0, le=3600, description="How long it may take to come.")


class TransferRequest(BaseModel):
    """Whom a call is handed on to."""

    model_config = ConfigDict(extra="forbid")

    to: str = Field(min_length=1, max_length=MOST_NAME, description="Number, or `sip:` address.")


def call_routes(access: Access, doors: PhoneDoors) -> APIRouter:
    """Return the REST calls for telephone calls; they take the scope `calls`."""
    router = APIRouter(route_class=small_bodies(access.options.limits.body_bytes_per_s))
    prefix = "/api/v1/calls"
    records = doors.door.records

    def own(request: Request, call_id: str) -> KnownCall:
        record = records.find(call_id)
        if record is None:
            raise NoSessionError(f"there is no call {call_id!r}, and was none lately")
        if not _owns(principal_of(request), record):
            raise AccessDeniedError(Denial.NOT_YOURS, "this call was started with another key")
        return record

    @router.post(prefix)
    async def start(asked: StartedCallRequest, request: Request) -> dict[str, Any]:
        """Call somebody; the conversation begins when it is answered."""
        record = await doors.outbound.start(
            asked.to,
            provider=asked.provider,
            from_number=asked.from_number,
            business=asked.business,
            credential=principal_of(request).credential,
            manner=asked.manner(),
            parameters=asked.parameters,
            on_machine=asked.on_machine,
            message=asked.message,
            rings_s=asked.rings_s,
        )
        return {"success": True, **record.summary()}

    @router.post(f"{prefix}/expected")
    async def expect(asked: ExpectedCallRequest) -> dict[str, Any]:
        """Announce a call of an exchange, whose media socket brings nothing but its name."""
        if asked.business:
            doors.door.businesses.find(asked.business, "")
        expected = ExpectedCall(
            asked.business, asked.caller, asked.called, asked.direction, asked.parameters
        )
        doors.door.expected.add(asked.call_id, expected, asked.lasts_s)
        return {"success": True, "call_id": asked.call_id, "lasts_s": asked.lasts_s}

    @router.get(prefix)
    async def listed(request: Request) -> dict[str, Any]:
        """List your calls: those under way, and those that ended within the last hour."""
        principal = principal_of(request)
        return {"calls": [each.summary() for each in records if _owns(principal, each)]}

    @router.get(f"{prefix}/{{call_id}}")
    async def state(call_id: str, request: Request) -> dict[str, Any]:
        """Tell how a call is."""
        return own(request, call_id).summary()

    @router.post(f"{prefix}/{{call_id}}/transfer")
    async def transfer(call_id: str, asked: TransferRequest, request: Request) -> dict[str, Any]:
        """Hand a call on to a person."""
        record = _under_way(own(request, call_id))
        await doors.control.transfer(record.provider, record.call_id, asked.to)
        return {"success": True, "id": record.id}

    @router.delete(f"{prefix}/{{call_id}}")
    async def end(call_id: str, request: Request) -> dict[str, Any]:
        """End a call; one that is over already is no error."""
        record = own(request, call_id)
        if record.state not in OVER:
            doors.webhooks.on_ended(record.provider, record.call_id, "ended by REST")
            if doors.control.hangs_up(record.provider):
                await doors.control.hang_up(record.provider, _under_way(record).call_id)
        return {"success": True, **record.summary()}

    return router


def _under_way(record: KnownCall) -> KnownCall:
    if not record.call_id:
        raise CallerError("the provider has not named this call yet: try again in a second")
    return record


def _owns(principal: Principal, record: KnownCall) -> bool:
    if AccessScope.OPERATE in principal.scopes:
        return True
    started_by_us = record.direction is CallDirection.OUTBOUND
    return started_by_us and record.credential == principal.credential
