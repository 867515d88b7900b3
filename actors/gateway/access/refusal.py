"""How somebody is told that it is not let in, in the terms of its protocol."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from actors.backends.gemini.wire import cut_reason
from actors.backends.gemini.wire.http_error import HttpError
from actors.gateway.access.denial import ELSEWHERE, TRY_AGAIN_LATER, AccessDeniedError, Denial
from actors.gateway.website.body import Body
from actors.gateway.website.early_response import EarlyResponse

KEY_NOT_VALID = "API key not valid. Please pass a valid API key."
NO_IDENTITY = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use "
    "API Key or other form of API consumer identity to call this API."
)
"""What the service says, word for word; clients look for it."""
INVALID, POLICY = 1007, 1008
"""Close codes of RFC 6455 and of its registry, as the service uses them."""
GOOGLE_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    408: "DEADLINE_EXCEEDED",
    421: "PERMISSION_DENIED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
"""Names of google.rpc.Code."""
UNSEEN = {Denial.ORIGIN, Denial.HOST, *ELSEWHERE}
"""Told before the handshake: a page that may not connect is told nothing more, and a balancer is to
see that it should ask another room."""


def website_error(error: AccessDeniedError) -> dict[str, Any]:
    """Return the fields of an error, over REST and over the WebSocket."""
    told: dict[str, Any] = {"error": str(error), "code": error.denial.value}
    if error.retry_after_s is not None:
        told["retry_after_s"] = math.ceil(error.retry_after_s)
    return told


def website_close(error: Exception) -> tuple[int, str]:
    """Return close code and reason of a website's WebSocket; raises what is no denial."""
    if not isinstance(error, AccessDeniedError):
        raise error
    return error.close_code, str(error)


def gemini_close(error: AccessDeniedError) -> tuple[int, str]:
    """Return close code and reason of a WebSocket of the Gemini protocol."""
    match error.denial:
        case Denial.KEY_INVALID:
            return INVALID, KEY_NOT_VALID
        case Denial.NO_KEY:
            return POLICY, NO_IDENTITY
    return TRY_AGAIN_LATER if error.status in (429, 503) else POLICY, str(error)


def gemini_error(error: AccessDeniedError) -> HttpError:
    """Return it as the service has it over HTTP."""
    status, message = error.status, str(error)
    match error.denial:
        case Denial.KEY_INVALID:
            status, message = 400, KEY_NOT_VALID
        case Denial.NO_KEY:
            status, message = 403, NO_IDENTITY
    told = HttpError(status, GOOGLE_STATUS[status], message)
    if error.denial is Denial.KEY_INVALID:
        told.details = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            }
        ]
    return told


def headers_of(error: AccessDeniedError) -> dict[str, str]:
    """Return what an answer over HTTP says in its head."""
    headers = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def response_to(error: AccessDeniedError, *, gemini: bool) -> JSONResponse:
    """Return the answer to a request that is not let in."""
    headers = headers_of(error)
    if gemini:
        told = gemini_error(error)
        return JSONResponse(told.body(), told.code, headers)
    return JSONResponse(website_error(error), error.status, headers)


async def refuse(
    scope: Scope, receive: Receive, send: Send, error: AccessDeniedError, *, gemini: bool
) -> None:
    """Tell who is connected that it is not let in.

    Programs see the status of a handshake that is refused. Pages do not, nor do clients of the
    Gemini protocol tell it: for them the handshake is done, and what follows says it.
    """
    if scope["type"] == "http":
        early = EarlyResponse(response_to(error, gemini=gemini), Body(Request(scope, receive)))
        await early(scope, receive, send)
        return
    await receive()
    is_page = "origin" in Headers(scope=scope)
    if error.denial in UNSEEN or not (gemini or is_page):
        response = response_to(error, gemini=gemini)
        await send(
            {
                "type": "websocket.http.response.start",
                "status": response.status_code,
                "headers": response.raw_headers,
            }
        )
        await send({"type": "websocket.http.response.body", "body": response.body})
        return
    await send({"type": "websocket.accept"})
    if gemini:
        code, reason = gemini_close(error)
    else:
        code, reason = website_close(error)
        message = {"type": "error", **website_error(error)}
        await send({"type": "websocket.send", "text": json.dumps(message)})
    await send({"type": "websocket.close", "code": code, "reason": cut_reason(reason)})
