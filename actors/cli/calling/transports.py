"""Connections to a server: a WebSocket, or packets of AudioSocket over TCP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import urlsplit

import websockets
from websockets.typing import Subprotocol

from actors.cli.calling.provider_words import ProviderWords, Words
from actors.cli.calling.providers.audiosocket import HEADER
from actors.lib.proxy import proxy_for
from pipeline.errors import GreenroomError

OPEN_S = 10.0
"""For a connection and its handshake; Twilio waits as long, and the caller hears it ring."""
CLOSE_S = 2.0
"""For the server's answer to a close; nobody is on the line any more."""


class CallRefusedError(GreenroomError):
    """The server does not take the call; says why, and what to do.

    Args:
        text: All of it.
        why: The same in a few words, alike for all who are refused so.
    """

    def __init__(self, text: str, why: str = "") -> None:
        super().__init__(text)
        self.why = why or text


class LineClosedError(Exception):
    """The server closed the connection; the text says how."""


class LineSocket(Protocol):
    """A connection."""

    async def send(self, message: Words) -> None:
        """Send a message; one to a connection that is closed is lost."""

    async def receive(self) -> Words:
        """Wait for a message.

        Raises:
            LineClosedError: there are no more.
        """

    async def close(self) -> None:
        """End the connection."""

    def abort(self) -> None:
        """Break the connection off, as a network does."""

    def freeze(self) -> None:
        """Take and give nothing any more, with the connection open: as in a tunnel."""


class WebLine:
    """A WebSocket."""

    def __init__(self, websocket: websockets.ClientConnection) -> None:
        self._websocket = websocket

    async def send(self, message: Words) -> None:
        """Send a message; one to a connection that is closed is lost."""
        try:
            await self._websocket.send(message)
        except websockets.ConnectionClosed:
            # What it was closed with is told by `receive`.
            return

    async def receive(self) -> Words:
        """Wait for a message."""
        try:
            return await self._websocket.recv()
        except websockets.ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            reason = closed.rcvd.reason if closed.rcvd else "the connection was lost"
            raise LineClosedError(f"{code} {reason}".strip()) from None

    async def close(self) -> None:
        """End the connection."""
        await self._websocket.close()

    def abort(self) -> None:
        """Break the connection off, as a network does."""
        self._websocket.transport.abort()

    def freeze(self) -> None:
        """Take and give nothing any more: pings have no answer either."""
        transport = self._websocket.transport
        if transport.is_reading():
            transport.pause_reading()


class PacketLine:
    """Packets of kind, length and payload over TCP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, message: Words) -> None:
        """Send a packet; one to a connection that is closed is lost."""
        if isinstance(message, bytes) and not self._writer.is_closing():
            self._writer.write(message)

    async def receive(self) -> Words:
        """Wait for a packet."""
        try:
            header = await self._reader.readexactly(HEADER.size)
            _, length = HEADER.unpack(header)
            return header + await self._reader.readexactly(length)
        except asyncio.IncompleteReadError as error:
            cut = " within a packet" if error.partial else ""
            raise LineClosedError(f"the stream ended{cut}") from None
        except OSError as error:
            raise LineClosedError(f"the connection was lost: {error.strerror}") from None

    async def close(self) -> None:
        """End the connection."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            # The other side was quicker, and less polite.
            return

    def abort(self) -> None:
        """Break the connection off, as a network does."""
        self._writer.transport.abort()

    def freeze(self) -> None:
        """Take nothing any more."""
        transport = self._writer.transport
        if isinstance(transport, asyncio.Transport) and transport.is_reading():
            transport.pause_reading()


async def connected(url: str, words: ProviderWords, headers: Mapping[str, str]) -> LineSocket:
    """Connect as a provider does.

    Args:
        url: `ws://`, `wss://`, or `tcp://HOST:PORT` for AudioSocket.
        words: Of the provider.
        headers: Of the handshake.

    Raises:
        CallRefusedError: it cannot be reached, or does not take the call.
    """
    async with refusals(url):
        if urlsplit(url).scheme == "tcp":
            parts = urlsplit(url)
            return PacketLine(*await asyncio.open_connection(parts.hostname, parts.port))
        return WebLine(await websocket(url, words, headers))


@asynccontextmanager
async def refusals(url: str) -> AsyncIterator[None]:
    """Say in words why a server cannot be called in here.

    Raises:
        CallRefusedError: it cannot be reached, or does not take the call.
    """
    try:
        async with asyncio.timeout(OPEN_S):
            yield
    except TimeoutError:
        raise CallRefusedError(
            f"{url} does not answer within {OPEN_S:g} s: is the server there, and is it ready?",
            f"no answer within {OPEN_S:g} s",
        ) from None
    except websockets.InvalidStatus as error:
        body = (error.response.body or b"").decode(errors="replace").strip()
        raise CallRefusedError(
            f"{url} refuses the call with {error.response.status_code}"
            f"{': ' if body else ''}{' '.join(body.split())[:300]}; "
            "see --auth-token and --header for what it may want to see",
            f"{error.response.status_code} {_code_in(body)}".strip(),
        ) from None
    except (OSError, websockets.WebSocketException, ValueError) as error:
        why = _first_line(error)
        raise CallRefusedError(f"{url} cannot be called: {why}", why) from None


async def websocket(
    url: str,
    words: ProviderWords,
    headers: Mapping[str, str],
    kind: type[websockets.ClientConnection] | None = None,
) -> websockets.ClientConnection:
    """Return a connection over which nothing was said yet.

    Args:
        url: Of the server.
        words: Of the provider.
        headers: Of the handshake.
        kind: Of the connection, where it is to be a special one.

    Raises:
        CallRefusedError: the server does not take the sub-protocol.
        OSError, websockets.WebSocketException: it does not take the connection.
    """
    proxy = proxy_for(url)
    made = await websockets.connect(
        url,
        additional_headers=headers,
        subprotocols=[Subprotocol(words.subprotocol)] if words.subprotocol else None,
        proxy=proxy.url if proxy else None,
        compression=None,
        max_size=None,
        open_timeout=None,
        close_timeout=CLOSE_S,
        ping_interval=None,
        create_connection=kind,
    )
    if made.subprotocol != words.subprotocol:
        await made.close()
        raise CallRefusedError(
            f"{url} does not take the sub-protocol {words.subprotocol!r}, "
            f"without which {words.name} hangs up"
        )
    return made


def _code_in(body: str) -> str:
    """Return the `code` of an error in JSON; else the beginning of what it is."""
    try:
        return str(json.loads(body)["code"])
    except (ValueError, LookupError, TypeError):
        return " ".join(body.split())[:80]


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
