"""The WebSocket of a caller as the web server has it."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode
from websockets.http11 import Request
from websockets.protocol import State

from actors.gateway.access.message_meter import LONGEST_WAIT_S
from actors.gateway.access.token_bucket import Rate, TokenBucket
from actors.gateway.caller_frames import (
    MASK_BYTES,
    WHOLE_TEXT,
    FrameWalk,
    message_frame,
    message_in,
)
from actors.gateway.events import Message

try:
    from websockets.speedups import apply_mask
except ImportError:  # As websockets itself does where its compiled part is missing.
    from websockets.utils import apply_mask

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

AT_ONCE_BYTES = 8192
"""Read before others have their turn: a dozen blocks of sound, 1 to 2 ms of work. What waits at a
hundred sockets of an overloaded machine, 256 KB each, would take longer than an actor may be
silent before it counts as hung (3 s)."""
FRAMES = Rate(per_s=500, burst=15_000)
"""Of all kinds but messages of one frame. What a message may be is measured where it is whole:
pieces of one without end, pings and pongs are not. Twice as many at once as the messages that are
allowed at once; 4 us each."""
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

    It takes a little at a time of what has come, however much that is: the event loop has the
    other callers, and heartbeats, in between.
    """

    _take: Callable[[Message], None] | None = None
    _unread = b""
    """What has come and was not looked at yet."""
    _parsed: FrameWalk | None = None
    """How far the parser of websockets is; None until the handshake has come."""
    _frames: TokenBucket
    """Made with it."""
    _rest: TimerHandle | None = None
    """Until it is done, nothing more is read."""
    _on_flood: Callable[[], None] | None = None

    @classmethod
    def of(cls, scope: MutableMapping[str, Any]) -> CallerSocket:
        """Return the socket for which an application was called."""
        found = scope["extensions"][EXTENSION]["socket"]
        assert isinstance(found, cls)
        return found

    def data_received(self, data: bytes) -> None:
        """Take bytes, the first of them at once."""
        if self._unread or self._rest is not None:
            self._unread += data
        elif len(data) <= AT_ONCE_BYTES:
            rest = self._take_messages(data)
            if rest:
                self._parse(rest)
        else:
            self._unread = data
            self._take_piece()
        if self._unread or self._rest is not None:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take what came before the end."""
        while self._unread:
            self._take_piece()
        if self._rest is not None:
            self._rest.cancel()
        super().connection_lost(exc)

    def handle_connect(self, event: Request) -> None:
        """Call the application, which is to find this socket."""
        # Uvicorn hands on the request without anything that follows it.
        self._parsed = FrameWalk()
        self._frames = TokenBucket(FRAMES, self.loop.time())
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[Any, Any] = self.scope["extensions"] or {}
            extensions[EXTENSION] = {"socket": self}

    def hand_over(self, take: Callable[[Message], None], on_flood: Callable[[], None]) -> None:
        """Give messages to `take` as they come, those first that have come by now.

        What ends the connection goes to the application as ever.

        Args:
            take: Given a message.
            on_flood: Called when so many frames come that it is read more slowly.
        """
        self._take = take
        self._on_flood = on_flood
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

    def send_at_once(self, message: Message) -> bool:
        """Send a message, unless it has to wait; return whether it was sent.

        By ASGI it passes through six layers, each a coroutine, and by websockets through ten calls
        more. It waits while the client reads more slowly than it is sent to, and where the
        connection is not open any more.
        """
        conn = self.conn
        if not self.writable.is_set() or conn.state is not State.OPEN:
            return False
        if self.close_sent or self.transport.is_closing():
            return False
        # In the middle of a message, or with deflate, frames are no business of ours.
        if conn.expect_continuation_frame or conn.extensions:
            return False
        try:
            frame = message_frame(message)
        except UnicodeEncodeError:  # Half a character: for who waits for it to say.
            return False
        self.transport.write(frame)
        return True

    def pause(self, pauses: bool) -> None:
        """Read nothing more, or go on."""
        if pauses is not self.read_paused and not self.transport.is_closing():
            self.read_paused = pauses
            if pauses:
                self.transport.pause_reading()
            elif self._rest is None:
                self.transport.resume_reading()

    def _take_messages(self, data: bytes) -> bytes:
        """Hand over messages of one frame that begin here and are all here; return the rest.

        Nearly all that comes is such: sound in blocks, binary or, on telephones, in JSON. By the
        parser of websockets and the events of uvicorn each would pass through thirty calls more.
        """
        # What the parser has begun, it finishes: a frame, and a message in several of them.
        if self._parsed is None or not self._parsed.is_between:
            return data
        conn = self.conn
        while self._take is not None and not self.close_sent and conn.state is State.OPEN:
            place = message_in(data)
            if place is None or conn.current_size is not None:
                break
            begin, end = place
            payload = apply_mask(data[begin:end], data[begin - MASK_BYTES : begin])
            message: Message = payload
            if data[0] == WHOLE_TEXT:
                try:
                    message = payload.decode()
                except UnicodeDecodeError:  # For the parser, which ends the connection for it.
                    break
            data = data[end:]
            self._take(message)
        return data

    def _parse(self, data: bytes) -> None:
        wait_s = 0.0
        if self._parsed is not None:
            wait_s = self._frames.spend(self._parsed.follow(data), self.loop.time())
        super().data_received(data)
        if wait_s and self._rest is None and not self.transport.is_closing():
            self._rest = self.loop.call_later(min(wait_s, LONGEST_WAIT_S), self._rested)
            if self._on_flood is not None:
                self._on_flood()

    def _rested(self) -> None:
        self._rest = None
        self._go_on()

    def _take_piece(self) -> None:
        piece, self._unread = self._unread[:AT_ONCE_BYTES], self._unread[AT_ONCE_BYTES:]
        rest = self._take_messages(piece)
        if self._unread and len(rest) < len(piece):
            # It was cut by our own hand: the next piece begins with the message that is in two.
            self._unread = rest + self._unread
        elif rest:
            self._parse(rest)
        if self.conn.parser_exc is not None:
            self._unread = b""
        elif self._unread and self._rest is None:
            self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        if self._unread:
            self._take_piece()
        if self._unread or self._rest is not None or self.read_paused:
            return
        if not self.transport.is_closing():
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
                # As uvicorn does, which writes a traceback as well.
                self.frames = []
                self.conn.send_close(CloseCode.INVALID_DATA, "a text message is UTF-8")
                self.handle_parser_exception()
                return
        self.frames = []
        self._take(message)

    def handle_ping(self) -> None:
        """Answer, unless nobody reads: what waits to be read would grow without end."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    async def send(self, message: ASGISendEvent) -> None:
        """Send what an application says."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            # Refused, which is an answer too: uvicorn would log an error.
            self.handshake_complete = True

    async def run_asgi(self) -> None:
        """Serve it, and let go of it."""
        await super().run_asgi()
        self.loop.call_later(FAREWELL_S, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """No answer to a ping: nobody is there."""
        super().keepalive_timeout()
        self.transport.abort()
