"""Where telephone providers connect: `/phone/NAME`, and `/phone/NAME/TOKEN`."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, WebSocket
from starlette.datastructures import Headers

from actors.backends.gemini.wire import cut_reason
from actors.gateway.access.access import Access, principal_of
from actors.gateway.access.denial import ELSEWHERE, TRY_AGAIN_LATER, AccessDeniedError
from actors.gateway.access.middleware import KNOCKED, Knocked
from actors.gateway.access.refusal import POLICY
from actors.gateway.errors import CallerError
from actors.gateway.events import Event, Message
from actors.gateway.phone.call import PhoneCall
from actors.gateway.phone.context import Knock
from actors.gateway.phone.dialect import PhoneDialect
from actors.gateway.phone.dialects import DIALECTS
from actors.gateway.phone.manner import line_labels
from actors.gateway.phone.switchboard import Switchboard
from pipeline.logs import lines_about


class NoWords:
    """Of events no message is made: a call says itself what its provider is told."""

    def encode(self, event: Event) -> Iterable[Message]:
        """Return nothing."""
        del event
        return ()


def phone_routes(access: Access, board: Switchboard) -> APIRouter:
    """Return the routes of media sockets."""
    router = APIRouter()

    @router.websocket("/phone/{provider}")
    @router.websocket("/phone/{provider}/{token}")
    async def call(websocket: WebSocket, provider: str, token: str = "") -> None:
        await serve_call(websocket, access, board, knock_of(websocket, provider, token))

    return router


def knock_of(websocket: WebSocket, provider: str, token: str) -> Knock:
    """Return what a socket says of itself before it is accepted."""
    knocked: Knocked = websocket.scope[KNOCKED]
    path = websocket.url.path
    return Knock(
        provider,
        token,
        f"{path}?{knocked.query.decode('latin-1')}" if knocked.query else path,
        dict(Headers(raw=knocked.headers)),
        principal_of(websocket).address,
    )


async def serve_call(
    websocket: WebSocket, access: Access, board: Switchboard, knock: Knock
) -> None:
    """Serve one call, from its handshake to its end."""
    dialect_type = DIALECTS.get(knock.provider)
    with lines_about(line_labels(knock)):
        if dialect_type is None:
            known = ", ".join(sorted(DIALECTS))
            await _refuse(websocket, board, f"no such provider; there are {known}")
            return
        try:
            await board.admission.check(knock)
        except AccessDeniedError as error:
            access.count(error.denial)
            await _refuse(websocket, board, str(error))
            return
    dialect = dialect_type(dict(websocket.query_params))
    await websocket.accept(subprotocol=_subprotocol(websocket, dialect))

    def close_of(error: Exception) -> tuple[int, str]:
        if not isinstance(error, CallerError):
            raise error
        with lines_about(call.labels):
            board.log.warning("a call is refused", detail=str(error))
        if isinstance(error, AccessDeniedError):
            access.count(error.denial)
            return TRY_AGAIN_LATER if error.denial in ELSEWHERE else POLICY, str(error)
        return TRY_AGAIN_LATER, str(error)

    connection = access.connection(websocket, NoWords(), close_of)
    call = PhoneCall(dialect, knock, board, connection.link)
    await connection.serve(call.on_message, call.closed)


def _subprotocol(websocket: WebSocket, dialect: PhoneDialect) -> str | None:
    offered = websocket.scope.get("subprotocols", [])
    return next((each for each in dialect.traits.subprotocols if each in offered), None)


async def _refuse(websocket: WebSocket, board: Switchboard, detail: str) -> None:
    """Before the handshake is done: the provider sees 403."""
    board.log.warning("a media socket is refused", detail=detail)
    await websocket.close(POLICY, cut_reason(detail))
