"""Where Live clients connect, at the paths of the service."""

from __future__ import annotations

import re
from collections.abc import Awaitable

from fastapi import APIRouter, WebSocket
from starlette.responses import JSONResponse

from actors.backends.gemini.wire import cut_reason
from actors.backends.gemini.wire.schema import VERSIONS
from actors.gateway.access.access import Access, principal_of
from actors.gateway.access.message_meter import MessageKind
from actors.gateway.access.refusal import POLICY
from actors.gateway.events import Message
from actors.gateway.gemini.codec import GeminiCodec
from actors.gateway.gemini.conversation import GeminiConversation
from actors.gateway.gemini.errors import close_of
from actors.outputs.metronome import WorkOf

SERVICE = re.compile(
    rf"google\.ai\.generativelanguage\.(?P<version>{'|'.join(VERSIONS)})\.GenerativeService"
    r"\.BidiGenerateContent(?P<constrained>Constrained)?"
)
UNAUTHENTICATED = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
    "or other valid authentication credential."
)
"""What the service says where a token is missing, or none of its own."""


def gemini_routes(access: Access, work_of: WorkOf) -> APIRouter:
    """Return the routes that serve Live clients."""
    router = APIRouter()

    @router.websocket("/ws/{service:path}")
    async def live(websocket: WebSocket, service: str) -> None:
        # Some clients write `BidiGenerateContent` after a slash.
        found = SERVICE.fullmatch(service.replace("/", "."))
        if found is None:
            await websocket.send_denial_response(
                JSONResponse({"error": {"code": 404, "message": "Not served here."}}, 404)
            )
            return
        await websocket.accept()
        if found["constrained"] and principal_of(websocket).token is None:
            await websocket.close(POLICY, cut_reason(UNAUTHENTICATED))
            return
        codec = GeminiCodec(access.counters)
        connection = access.connection(websocket, codec, close_of)
        conversation = GeminiConversation(
            access.callers_of(websocket),
            connection.link,
            codec,
            work_of,
            found["version"],
            access.options,
        )

        def on_message(message: Message) -> MessageKind | Awaitable[MessageKind]:
            data = message.encode() if isinstance(message, str) else message
            return conversation.on_message(data)

        await connection.serve(on_message, conversation.closed)

    return router
