"""Asterisk's AudioSocket: a TCP connection for each call."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable

from actors.gateway.access.message_meter import MessageKind
from actors.gateway.caller_socket import FAREWELL_S
from actors.gateway.errors import CallerError
from actors.gateway.events import Message
from actors.gateway.phone.call import PhoneCall
from actors.gateway.phone.context import Knock
from actors.gateway.phone.dialects.audiosocket import AudioSocketDialect
from actors.gateway.phone.dialects.audiosocket_splitter import AudioSocketSplitter
from actors.gateway.phone.switchboard import Switchboard
from pipeline.logs import lines_about

READ_BYTES = 4096
"""At a time: a dozen messages of 20 ms at 8 kHz."""
MOST_WAITING_BYTES = 320_000
"""Sent and not taken by the exchange: 20 s at 8 kHz, which it takes one by one as they are due."""


class AudioSocketWire:
    """The TCP connection of a call.

    Args:
        writer: Its way back.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.joined = False

    def send(self, message: Message) -> None:
        """Send a message; an exchange that takes none any more is let go."""
        assert isinstance(message, bytes)
        if self._writer.is_closing():
            return
        self._writer.write(message)
        if self._writer.transport.get_write_buffer_size() > MOST_WAITING_BYTES:
            self._writer.transport.abort()

    def close(self, farewell: str) -> None:
        """End the connection once what waits is sent."""
        del farewell
        if not self._writer.is_closing():
            self._writer.close()
            loop = asyncio.get_running_loop()
            loop.call_later(FAREWELL_S, self._writer.transport.abort)


class AudioSocketServer:
    """Takes calls on a listening socket.

    Args:
        board: What all calls have in common.
        listening: The socket.
    """

    def __init__(self, board: Switchboard, listening: socket.socket) -> None:
        self._board = board
        self._listening = listening
        self._server: asyncio.Server | None = None
        self._wires: set[AudioSocketWire] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._listening.getsockname()[:2]
        return str(host), int(port)

    async def start(self) -> None:
        """Take calls from now on."""
        self._server = await asyncio.start_server(self._serve, sock=self._listening)
        host, port = self.address
        self._board.log.info("AudioSocket is served here", host=host, port=port)

    async def stop(self) -> None:
        """Take no more calls, and let go of those under way."""
        if self._server is not None:
            self._server.close()
            for wire in list(self._wires):
                wire.close("")
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        knock = Knock("audiosocket", address=str(peer[0]) if peer else "")
        wire = AudioSocketWire(writer)
        rate_hz = self._board.options.phone.audiosocket_rate_hz
        query = {} if rate_hz is None else {"rate": str(rate_hz)}
        call = PhoneCall(AudioSocketDialect(query), knock, self._board, wire)
        self._wires.add(wire)
        try:
            with lines_about(call.labels):
                await self._board.admission.check(knock)
            await self._read(reader, call)
        except CallerError as error:
            with lines_about(call.labels):
                self._board.log.warning("a call is refused", detail=str(error))
        except TimeoutError:
            with lines_about(call.labels):
                self._board.log.warning("a call is refused", detail="it did not say which it is")
        except ConnectionError:
            pass  # It was reset: the call is over as after an orderly end.
        finally:
            self._wires.discard(wire)
            await call.closed()
            wire.close("")
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader, call: PhoneCall) -> None:
        splitter = AudioSocketSplitter()
        async with asyncio.timeout(self._board.options.limits.first_message_s) as until_joined:
            while received := await reader.read(READ_BYTES):
                for message in splitter.feed(received):
                    await _taken(call.on_message(message))
                if call.joined:
                    until_joined.reschedule(None)


async def _taken(kind: MessageKind | Awaitable[MessageKind]) -> None:
    if not isinstance(kind, MessageKind):
        await kind
