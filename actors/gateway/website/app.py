"""The web application: REST, the WebSocket of websites, health."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from actors.gateway.callers import Callers
from actors.gateway.errors import (
    CallerError,
    ExpiredSessionError,
    NoSessionError,
    RefusedError,
)
from actors.gateway.events import Message
from actors.gateway.link import ClientLink
from actors.gateway.options import GatewayOptions
from actors.gateway.website.codec import WebsiteCodec
from actors.gateway.website.conversation import WebsiteConversation
from actors.gateway.website.manner import Manners
from actors.gateway.website.origins import is_allowed
from actors.gateway.website.requests import EndRequest, SessionRequest
from pipeline.frames import SessionEnd

STATUS = {NoSessionError: 404, ExpiredSessionError: 410, RefusedError: 503}
RETRY_S = 10
"""When a caller who was refused may ask again: calls end all the time."""
POLICY_VIOLATION, NORMAL = 1008, 1000
"""Close codes of RFC 6455."""
WorkOf = Callable[[str], AbstractContextManager[None]]


def make_app(callers: Callers, options: GatewayOptions, work_of: WorkOf) -> FastAPI:
    """Return the application that serves callers."""
    app = FastAPI(title="Greenroom", version=version("greenroom"), redoc_url=None)
    app.include_router(_rest(callers, Manners(options)))

    @app.exception_handler(CallerError)
    async def on_caller_error(_request: Request, error: CallerError) -> JSONResponse:
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
        headers = {"Retry-After": str(RETRY_S)} if status == 503 else {}
        return JSONResponse({"error": str(error)}, status, headers)

    @app.exception_handler(RequestValidationError)
    async def on_wrong_request(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return JSONResponse({"error": f"{where}: {first['msg']}"}, 400)

    @app.exception_handler(HTTPException)
    async def on_http_error(_request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    async def converse(websocket: WebSocket) -> None:
        if not is_allowed(websocket.headers, options.origins):
            await websocket.send_denial_response(
                JSONResponse({"error": "this web site may not connect: see `origins`"}, 403)
            )
            return
        await websocket.accept()
        await _converse(websocket, callers, Manners(options), work_of)

    app.add_api_websocket_route("/ws/live-audio", converse)
    app.add_api_websocket_route("/", converse)
    return app


def _rest(callers: Callers, manners: Manners) -> APIRouter:
    router = APIRouter()
    prefix = "/api/v1/live-audio"

    @router.post(f"{prefix}/session/start")
    async def start(request: SessionRequest) -> dict[str, Any]:
        """Open a conversation, to which a WebSocket then comes with its `session_id`."""
        caller = await callers.open(manners.of(request.session_id or uuid.uuid4().hex, request))
        return {
            "success": True,
            "session_id": caller.session,
            "lasts_s": caller.manner.lasts_s,
            "websocket": "/ws/live-audio",
        }

    @router.get(f"{prefix}/sessions")
    async def sessions() -> dict[str, Any]:
        """List the conversations that are open."""
        return {"sessions": [_summary(caller) for caller in callers]}

    @router.post(f"{prefix}/session/end")
    async def end(request: EndRequest) -> dict[str, Any]:
        """End a conversation."""
        callers.end(request.session_id, SessionEnd.HUNG_UP, "the caller ended it")
        return {"success": True, "session_id": request.session_id}

    @router.get(f"{prefix}/session/{{session_id}}/status")
    async def status(session_id: str) -> dict[str, Any]:
        """Tell how a conversation is; 404 if there is none, 410 if it is over."""
        return _summary(callers.get(session_id))

    @router.get("/healthz")
    async def health() -> dict[str, Any]:
        """Tell that the gateway works."""
        return {"status": "ok", "callers": len(callers)}

    return router


def _summary(caller: Any) -> dict[str, Any]:
    opened_ns = caller.manner.origin_ns or time.monotonic_ns()
    age_s = (time.monotonic_ns() - opened_ns) / 1e9
    lasts_s = caller.manner.lasts_s
    return {
        "session_id": caller.session,
        "state": caller.state.name.lower(),
        "age_s": round(age_s, 1),
        "left_s": None if lasts_s is None else round(max(0.0, lasts_s - age_s), 1),
        "turns": caller.turns,
        "answered_by": caller.owner,
        "labels": caller.manner.labels,
    }


async def _converse(
    websocket: WebSocket, callers: Callers, manners: Manners, work_of: WorkOf
) -> None:
    async def send(message: Message) -> None:
        if isinstance(message, str):
            await websocket.send_text(message)
        else:
            await websocket.send_bytes(message)

    binary = websocket.query_params.get("audio") == "binary"
    link = ClientLink(WebsiteCodec(binary=binary), send)
    conversation = WebsiteConversation(callers, manners, link, work_of)
    writer = asyncio.create_task(link.run())
    reader = asyncio.create_task(_read(websocket, conversation))
    try:
        await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (writer, reader):
            task.cancel()
        results = await asyncio.gather(writer, reader, return_exceptions=True)
        await conversation.closed()
    if not isinstance(results[1], WebSocketDisconnect):
        # The other end may be gone by now.
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await websocket.close(NORMAL, link.farewell[:120])
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result


async def _read(websocket: WebSocket, conversation: WebsiteConversation) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        if (text := message.get("text")) is not None:
            await conversation.on_text(text)
        elif (data := message.get("bytes")) is not None:
            conversation.on_bytes(data)
