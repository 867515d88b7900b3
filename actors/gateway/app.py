"""The web application: every protocol's routes on one port, and errors in words."""

from __future__ import annotations

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from actors.gateway.access.access import Access
from actors.gateway.access.denial import AccessDeniedError
from actors.gateway.access.middleware import AccessMiddleware, OriginsOfKeys
from actors.gateway.access.refusal import response_to
from actors.gateway.access.routes import rule_of
from actors.gateway.access.token_route import token_routes
from actors.gateway.errors import (
    REFUSED_AGAIN_S,
    CallerError,
    CompressedError,
    ElsewhereError,
    ExpiredSessionError,
    NoRoomError,
    NoSessionError,
    NoWordsError,
    RefusedError,
    SlowRequestError,
    TooLargeError,
    explained,
)
from actors.gateway.files.transcriber import Transcriber
from actors.gateway.gemini.rest import gemini_rest_routes
from actors.gateway.gemini.routes import gemini_routes
from actors.gateway.operating.caller_metrics import CallerMetrics
from actors.gateway.operating.erasure import Erasure
from actors.gateway.operating.operator_routes import operator_routes
from actors.gateway.operating.session_board import SessionBoard
from actors.gateway.operating.traffic import NO_ANSWER, Traffic, TrafficCounts
from actors.gateway.phone.doors.call_routes import call_routes
from actors.gateway.phone.doors.phone_doors import PhoneDoors
from actors.gateway.phone.doors.webhook_routes import webhook_routes
from actors.gateway.phone.routes import phone_routes
from actors.gateway.phone.switchboard import Switchboard
from actors.gateway.readiness import Readiness
from actors.gateway.shared_state import SharedState
from actors.gateway.website.manner import Manners
from actors.gateway.website.page import page_routes
from actors.gateway.website.rest import rest_routes
from actors.gateway.website.socket import converse
from actors.gateway.website.transcribe import transcribe_routes
from actors.outputs.metronome import WorkOf
from pipeline.logs import Logger
from pipeline.version import VERSION

STATUS = {
    NoRoomError: 404,
    NoSessionError: 404,
    SlowRequestError: 408,
    ElsewhereError: 409,
    ExpiredSessionError: 410,
    TooLargeError: 413,
    CompressedError: 415,
    RefusedError: 503,
    NoWordsError: 504,
}


def make_app(
    access: Access,
    readiness: Readiness,
    work_of: WorkOf,
    board: SessionBoard,
    erasure: Erasure,
    shared: SharedState,
    phones: Switchboard,
    doors: PhoneDoors,
    log: Logger,
) -> ASGIApp:
    """Return the application that serves callers, and who looks after them."""
    counts = TrafficCounts()
    routes = make_routes(access, readiness, work_of, phones, doors)
    metrics = CallerMetrics(
        access.callers.status,
        board,
        counts,
        access.counters,
        access.room,
        lambda: shared.quota.seen,
    )
    routes.include_router(operator_routes(access, board, readiness, metrics, erasure, shared))
    served = OriginsOfKeys(AccessMiddleware(routes, access), access)
    access_log = log if access.options.access_log else None
    return OneSlash(Traffic(served, counts, access_log, access.who))


def make_routes(
    access: Access,
    readiness: Readiness,
    work_of: WorkOf,
    phones: Switchboard,
    doors: PhoneDoors,
) -> FastAPI:
    """Return what serves those who were let in."""
    app = FastAPI(title="Greenroom", version=VERSION, redoc_url=None)
    app.include_router(rest_routes(access, Manners(access.options), readiness))
    app.include_router(token_routes(access))
    app.include_router(transcribe_routes(Transcriber(access.options, work_of), access))

    async def website(websocket: WebSocket) -> None:
        await converse(websocket, access, work_of)

    app.add_api_websocket_route("/ws/live-audio", website)
    app.add_api_websocket_route("/", website)
    app.include_router(gemini_routes(access, work_of))
    app.include_router(gemini_rest_routes(access, work_of))
    app.include_router(phone_routes(access, phones))
    app.include_router(webhook_routes(access, doors, phones.log))
    app.include_router(call_routes(access, doors))
    app.include_router(page_routes())
    _tell_errors(app)
    app.router.default = NoSuchPath(app.router.default)
    return app


class NoSuchPath:
    """Tells a WebSocket that there is none at its path; Starlette would say 403, and not why."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what no route takes."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        detail = f"there is no WebSocket at {scope['path']}: that of websites is /ws/live-audio"
        denial = JSONResponse({"error": detail}, 404)
        await WebSocket(scope, receive, send).send_denial_response(denial)


class OneSlash:
    """Takes `//ws/...` for `/ws/...`: SDKs write so if their base URL ends with a slash."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] in ("http", "websocket"):
            # In place: what is further in takes secrets out of the scope that the server logs.
            scope["path"] = "/" + scope["path"].lstrip("/")
        await self._app(scope, receive, send)


def _tell_errors(app: FastAPI) -> None:
    @app.exception_handler(CallerError)
    async def on_caller_error(request: Request, error: CallerError) -> JSONResponse:
        if isinstance(error, AccessDeniedError):
            return response_to(error, gemini=rule_of("http", request.url.path).gemini)
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
        headers = {"Retry-After": str(REFUSED_AGAIN_S)} if status == 503 else {}
        known = error.known if isinstance(error, ExpiredSessionError) else {}
        return JSONResponse({"error": str(error), **known}, status, headers)

    @app.exception_handler(ClientDisconnect)
    async def on_client_gone(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=NO_ANSWER)

    @app.exception_handler(RequestValidationError)
    async def on_wrong_request(_request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": explained(error.errors())}, 400)

    @app.exception_handler(HTTPException)
    async def on_http_error(_request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)
