"""The WebSocket of a caller as the web server has it."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from actors.gateway.events import Message

FAREWELL_S = 2.0
"""For a client to take what it was sent last: who has not by then, never will."""
EXTENSION = "greenroom.caller_socket"
"""Of ASGI: under this name an application finds the socket that it is called for."""


class CallerSocket(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket, which hands messages over at once, and lets go of who reads nothing.

    Uvicorn puts each message into a queue, wakes a task and reads nothing until that has run: for a
    block of sound more than all that is done with it.

    To close a transport waits until what was written has been read; a client that has stopped
    reading, or whose machine is gone, would be served for ever.
    """

    _take: Callable[[Message], None] | None = None

    @classmethod
    def of(cls, scope: MutableMapping[str, Any]) -> CallerSocket:
        """Return the socket for which an application was called."""
        found = scope["extensions"][EXTENSION]["socket"]
        assert isinstance(found, cls)
        return found

    def handle_connect(self, event: Request) -> None:
        """Call the application, which is to find this socket."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[Any, Any] = self.scope["extensions"] or {}
            extensions[EXTENSION] = {"socket": self}

    def hand_over(self, take: Callable[[Message], None]) -> None:
        """Give messages to `take` as they come, those first that have come by now.

        What ends the connection goes to the application as ever.
        """
        self._take = take
        events = []
        while not self.queue.empty():
            events.append(self.queue.get_nowait())
        for event in events:
            if event["type"] != "websocket.receive":
                self.queue.put_nowait(event)
            elif (text := event.get("text")) is not None:
                take(text)
            else:
                take(event.get("bytes") or b"")
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def pause(self, pauses: bool) -> None:
        """Read nothing more, or go on."""
        if pauses is not self.read_paused and not self.transport.is_closing():
            self.read_paused = pauses
            if pauses:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()

    def send_receive_event_to_app(self) -> None:
        """Hand a message over."""
        if self._take is None or self.close_sent:
            super().send_receive_event_to_app()
            return
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        message: Message = data
        if self.curr_msg_data_type == "text":
            try:
                message = data.decode()
            except UnicodeDecodeError:
                super().send_receive_event_to_app()
                return
        self.frames = []
        self._take(message)

    async def run_asgi(self) -> None:
        """Serve it, and let go of it."""
        await super().run_asgi()
        self.loop.call_later(FAREWELL_S, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """No answer to a ping: nobody is there."""
        super().keepalive_timeout()
        self.transport.abort()
