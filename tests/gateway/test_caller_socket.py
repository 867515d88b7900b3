"""The socket of a caller: what comes is handed over however it is cut; what goes, at once."""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from actors.gateway.caller_socket import CallerSocket
from actors.gateway.events import Message

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class NoTransport(asyncio.Transport):
    """A connection whose other end is the test."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self.is_read = True

    def write(self, data: Any) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


class OpenSocket:
    """A socket after its handshake, and the messages that were handed over."""

    def __init__(self, socket: CallerSocket, transport: NoTransport) -> None:
        self.socket = socket
        self.transport = transport
        self.messages: list[Message] = []
        self.floods = 0

    def on_flood(self) -> None:
        self.floods += 1


@asynccontextmanager
async def open_socket() -> AsyncIterator[OpenSocket]:
    accepted = asyncio.Event()

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        accepted.set()
        while (await receive())["type"] != "websocket.disconnect":
            pass

    config = uvicorn.Config(app, log_config=None, ws=CallerSocket, ws_per_message_deflate=False)
    config.load()
    state = ServerState()
    socket, transport = CallerSocket(config, state, {}), NoTransport()
    opened = OpenSocket(socket, transport)
    socket.connection_made(transport)
    socket.data_received(HANDSHAKE)
    async with asyncio.timeout(10):
        await accepted.wait()
    socket.hand_over(opened.messages.append, opened.on_flood)
    transport.written = b""
    yield opened
    socket.connection_lost(None)
    async with asyncio.timeout(10):
        while state.tasks:
            await asyncio.sleep(0)


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    def run(**arguments: Any) -> None:
        asyncio.run(test(**arguments))

    return functools.wraps(test)(run)


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def conversation(chance: random.Random) -> tuple[bytes, list[Message]]:
    """What a client sends, and the messages in it."""
    sent, messages = b"", []
    for _ in range(12):
        block = chance.randbytes(chance.choice((0, 1, 125, 126, 640, 640, 640, 9_000, 70_000)))
        match chance.randrange(6):
            case 0:
                text = "ä" * len(block[:300])
                sent += frame(Opcode.TEXT, text.encode())
                messages.append(text)
            case 1:
                at = len(block) // 2
                sent += frame(Opcode.BINARY, block[:at], fin=False)
                sent += frame(Opcode.PING, b"between")
                sent += frame(Opcode.CONT, block[at:])
                messages.append(block)
            case _:
                sent += frame(Opcode.BINARY, block)
                messages.append(block)
    return sent, messages


@pytest.mark.parametrize("seed", range(30))
@in_loop
async def test_messages_are_handed_over_however_they_are_cut(seed: int) -> None:
    chance = random.Random(seed)
    sent, messages = conversation(chance)
    at = 0
    async with open_socket() as opened:
        while at < len(sent):
            size = chance.choice((1, 3, 7, 130, 648, 700, 4_000, 100_000))
            opened.socket.data_received(sent[at : at + size])
            at += size
            for _ in range(15):
                await asyncio.sleep(0)
        assert opened.messages == messages


@in_loop
async def test_a_message_in_one_frame_does_not_pass_the_parser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[bytes] = []
    async with open_socket() as opened:
        monkeypatch.setattr(opened.socket, "_parse", parsed.append)
        text, block = '{"event":"media"}', bytes(640)
        sent = frame(Opcode.TEXT, text.encode()) + frame(Opcode.BINARY, block)
        opened.socket.data_received(sent + frame(Opcode.PING, b""))
        monkeypatch.undo()
        assert opened.messages == [text, block]
        assert parsed == [frame(Opcode.PING, b"")[:2] + parsed[0][2:]]


@pytest.mark.parametrize("head_bytes", range(1, 9))
@in_loop
async def test_a_head_that_came_alone_is_followed_by_its_message(head_bytes: int) -> None:
    """Its rest may look like a message of its own."""
    looks_whole = frame(Opcode.BINARY, bytes(20))
    inner = looks_whole + bytes(640 - len(looks_whole))
    head = b"\x82\xfe" + len(inner).to_bytes(2, "big") + bytes(4)
    async with open_socket() as opened:
        opened.socket.data_received(head[:head_bytes])
        opened.socket.data_received(head[head_bytes:] + inner)
        assert opened.messages == [inner]


@pytest.mark.parametrize(
    "wrong",
    [
        Frame(Opcode.BINARY, bytes(640)).serialize(mask=False),
        b"\xc2" + frame(Opcode.BINARY, bytes(640))[1:],
        frame(Opcode.TEXT, b"begun", fin=False) + frame(Opcode.BINARY, bytes(640)),
        frame(Opcode.CLOSE, b"\x03\xe8") + frame(Opcode.BINARY, bytes(640)),
    ],
    ids=["unmasked", "compressed", "within another", "after the end"],
)
@in_loop
async def test_what_is_no_message_is_not_handed_over(wrong: bytes) -> None:
    async with open_socket() as opened:
        opened.socket.data_received(frame(Opcode.BINARY, b"before"))
        opened.socket.data_received(wrong)
        await asyncio.sleep(0)
        assert opened.messages == [b"before"]
        assert opened.socket.conn.state is not State.OPEN


@in_loop
async def test_what_is_handed_over_may_end_it() -> None:
    async with open_socket() as opened:

        def take(message: Message) -> None:
            opened.messages.append(message)
            opened.socket.conn.send_close(1000)
            opened.socket.close_sent = True

        opened.socket.hand_over(take, opened.on_flood)
        opened.socket.data_received(2 * frame(Opcode.BINARY, b"block"))
        assert opened.messages == [b"block"]


@in_loop
async def test_a_message_is_sent_at_once_while_the_client_reads() -> None:
    async with open_socket() as opened:
        socket, transport = opened.socket, opened.transport
        assert socket.send_at_once(b"block")
        assert socket.send_at_once("wörd")
        expected = Frame(Opcode.BINARY, b"block").serialize(mask=False)
        expected += Frame(Opcode.TEXT, "wörd".encode()).serialize(mask=False)
        assert transport.written == expected
        socket.pause_writing()
        assert not socket.send_at_once(b"block")
        socket.resume_writing()
        assert not socket.send_at_once("half \ud800")
        socket.data_received(frame(Opcode.CLOSE, b"\x03\xe8"))
        assert not socket.send_at_once(b"block")


@pytest.mark.parametrize(
    "flood",
    [
        frame(Opcode.TEXT, b"", fin=False) + frame(Opcode.CONT, b"", fin=False) * 40_000,
        frame(Opcode.PING, b"x") * 40_000,
        frame(Opcode.PONG, b"") * 40_000,
    ],
    ids=["pieces of a message", "pings", "pongs"],
)
@in_loop
async def test_who_sends_frames_without_end_is_read_more_slowly(flood: bytes) -> None:
    async with open_socket() as opened:
        opened.socket.data_received(flood)
        for _ in range(100):
            await asyncio.sleep(0)
        assert opened.floods == 1
        assert not opened.transport.is_read
        # Not even where another reason to wait is over.
        opened.socket.pause(True)
        opened.socket.pause(False)
        assert not opened.transport.is_read


@in_loop
async def test_as_many_frames_as_messages_may_come_at_once_are_read_at_once() -> None:
    chunk = frame(Opcode.TEXT, bytes(b"x" * 860))
    async with open_socket() as opened:
        for _ in range(6_000):
            opened.socket.data_received(chunk)
        assert len(opened.messages) == 6_000
        assert opened.floods == 0


@in_loop
async def test_messages_that_come_all_at_once_are_no_flood_of_frames() -> None:
    said = [b"%d" % number for number in range(20_000)]
    async with open_socket() as opened:
        opened.socket.data_received(b"".join(frame(Opcode.BINARY, each) for each in said))
        while not opened.transport.is_read:
            await asyncio.sleep(0)
        assert opened.messages == said
        assert opened.floods == 0


@in_loop
async def test_a_client_that_reads_nothing_is_answered_no_pings() -> None:
    async with open_socket() as opened:
        opened.socket.pause_writing()
        opened.socket.data_received(frame(Opcode.PING, b"x" * 125) * 50)
        assert opened.transport.written == b""
        opened.socket.resume_writing()
        opened.socket.data_received(frame(Opcode.PING, b"now"))
        assert opened.transport.written == Frame(Opcode.PONG, b"now").serialize(mask=False)


@in_loop
async def test_text_that_is_no_utf_8_closes_the_connection_and_writes_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_socket() as opened:
        opened.socket.data_received(frame(Opcode.TEXT, b"\xff"))
        assert opened.transport.written.startswith(b"\x88")
        assert opened.transport.written[2:4] == b"\x03\xef"
        assert opened.transport.closed
    assert not caplog.records
