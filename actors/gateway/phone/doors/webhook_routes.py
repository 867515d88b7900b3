"""Where providers ask what is to happen with a call, and tell what did."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.datastructures import Headers
from starlette.responses import Response

from actors.gateway.access.access import Access, principal_of
from actors.gateway.access.denial import AccessDeniedError
from actors.gateway.access.middleware import KNOCKED, Knocked
from actors.gateway.phone.doors.call_program import HangUpStep, WebhookAnswer
from actors.gateway.phone.doors.call_provider import CallProvider
from actors.gateway.phone.doors.phone_doors import PhoneDoors
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from actors.gateway.website.body import Body
from pipeline.logs import Logger, lines_about

MOST_BYTES = 64_000
"""Webhooks of providers have some 2 kB."""
METHODS = ["GET", "POST"]


def webhook_routes(access: Access, doors: PhoneDoors, log: Logger) -> APIRouter:
    """Return the routes of webhooks."""
    router = APIRouter(include_in_schema=False)
    bytes_per_s = access.options.limits.body_bytes_per_s

    async def proven(request: Request, name: str) -> tuple[CallProvider, SignedRequest]:
        body = await Body(request, bytes_per_s).whole(MOST_BYTES)
        with lines_about({"protocol": "telephone", "provider": name}):
            try:
                provider = doors.door.provider(name)
                signed = _signed(request, body, doors)
                await doors.door.prove(provider, signed, principal_of(request).address)
            except AccessDeniedError as error:
                access.count(error.denial)
                log.warning("a webhook is refused", detail=str(error))
                raise
        return provider, signed

    @router.api_route("/phone/{name}/answer", methods=METHODS)
    async def answer(name: str, request: Request) -> Response:
        provider, signed = await proven(request, name)
        return _response(await doors.webhooks.serve(provider, signed, asks=True))

    @router.api_route("/phone/{name}/status", methods=METHODS)
    @router.api_route("/phone/{name}/machine", methods=METHODS)
    @router.api_route("/phone/{name}/hangup", methods=METHODS)
    async def told(name: str, request: Request) -> Response:
        provider, signed = await proven(request, name)
        return _response(await doors.webhooks.serve(provider, signed, asks=False))

    @router.api_route("/phone/{name}/then/{program}", methods=METHODS)
    async def then(name: str, program: str, request: Request) -> Response:
        provider, _ = await proven(request, name)
        steps = doors.control.program(provider.name, program)
        return _response(provider.program([HangUpStep()] if steps is None else steps))

    @router.api_route("/phone/{name}/next", methods=METHODS)
    async def goes_on(name: str, request: Request) -> Response:
        """A dialplan asks where a call goes on whose socket is closed; to nowhere is no text."""
        provider, signed = await proven(request, name)
        steps = doors.control.next(provider.name, provider.notice(signed).call_id)
        return _response(provider.program(steps) if steps else WebhookAnswer())

    return router


def _signed(request: Request, body: bytes, doors: PhoneDoors) -> SignedRequest:
    knocked: Knocked = request.scope[KNOCKED]
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    path = "/" + raw.decode("latin-1").lstrip("/")
    if knocked.query:
        path = f"{path}?{knocked.query.decode('latin-1')}"
    url = doors.door.public_or_nothing(path)
    return SignedRequest(request.method, url or path, dict(Headers(raw=knocked.headers)), body)


def _response(answer: WebhookAnswer) -> Response:
    return Response(answer.body, answer.status, media_type=answer.content_type)
