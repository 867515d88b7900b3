"""The WebSocket of websites."""

from __future__ import annotations

from collections.abc import Awaitable

from fastapi import WebSocket

from actors.gateway.access.access import Access
from actors.gateway.access.message_meter import MessageKind
from actors.gateway.events import Message
from actors.gateway.website.codec import WebsiteCodec
from actors.gateway.website.conversation import WebsiteConversation
from actors.gateway.website.manner import Manners
from actors.outputs.metronome import WorkOf


async def converse(websocket: WebSocket, access: Access, work_of: WorkOf) -> None:
    """Serve one client, from its handshake to its end."""
    await websocket.accept()
    binary = websocket.query_params.get("audio") == "binary"
    connection = access.connection(websocket, WebsiteCodec(binary=binary))
    conversation = WebsiteConversation(
        access.callers_of(websocket), Manners(access.options), connection.link, work_of
    )

    def on_message(message: Message) -> MessageKind | Awaitable[MessageKind]:
        if isinstance(message, str):
            return conversation.on_text(message)
        return conversation.on_bytes(message)

    await connection.serve(on_message, conversation.closed)
