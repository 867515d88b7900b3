"""The WebSocket of websites."""

from __future__ import annotations

from fastapi import WebSocket
from starlette.responses import JSONResponse

from actors.gateway.callers import Callers
from actors.gateway.client_connection import ClientConnection
from actors.gateway.events import Message
from actors.gateway.options import GatewayOptions
from actors.gateway.origins import is_allowed
from actors.gateway.website.codec import WebsiteCodec
from actors.gateway.website.conversation import WebsiteConversation
from actors.gateway.website.manner import Manners
from actors.outputs.metronome import WorkOf


async def converse(
    websocket: WebSocket, callers: Callers, options: GatewayOptions, work_of: WorkOf
) -> None:
    """Serve one client, from its handshake to its end."""
    if not is_allowed(websocket.headers, options.origins):
        await websocket.send_denial_response(
            JSONResponse({"error": "this web site may not connect: see `origins`"}, 403)
        )
        return
    await websocket.accept()
    binary = websocket.query_params.get("audio") == "binary"
    connection = ClientConnection(websocket, WebsiteCodec(binary=binary))
    conversation = WebsiteConversation(callers, Manners(options), connection.link, work_of)

    async def on_message(message: Message) -> None:
        if isinstance(message, str):
            await conversation.on_text(message)
        else:
            conversation.on_bytes(message)

    await connection.serve(on_message, conversation.closed)
