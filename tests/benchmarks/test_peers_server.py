"""The Live server of the comparison: what it finds, answers and closes; and a whole session."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.frames import Frame, Opcode

from benchmarks.live_server.socket import LiveSocket
from benchmarks.live_server.talk import Behaviour, SessionRecord, TalkSession
from benchmarks.peers.observation import CollapsedError, Trial
from benchmarks.peers.program_subject import ProgramSubject
from benchmarks.sound import speech

BLOCK = 320
NOISE = np.random.default_rng(1).integers(-9000, 9000, 100 * BLOCK).astype(np.int16).tobytes()
LOCAL_TURNS = {"realtimeInputConfig": {"automatic_activity_detection": {"disabled": True}}}


class SocketNotes:
    """Stands for a socket, and keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None

    def send(self, message: bytes) -> None:
        self.sent.append(json.loads(message))

    def close(self, code: int, reason: str) -> None:
        self.closed = code, reason


def _session(socket: SocketNotes, record: SessionRecord, **behaviour: Any) -> TalkSession:
    given = Behaviour("bench", "a model", "", answer_ms=200, **behaviour)
    return TalkSession(socket, given, NOISE, record, limited=True, exhausted=False)  # type: ignore[arg-type]


def _sound(start: int, samples: int) -> bytes:
    data = base64.urlsafe_b64encode(NOISE[2 * start : 2 * (start + samples)]).decode()
    return json.dumps({"realtime_input": {"audio": {"data": data}}}).encode()


def _told(what: str) -> bytes:
    return json.dumps({"realtime_input": {what: {}}}).encode()


def test_sound_is_found_where_it_was_spoken_whatever_was_left_out() -> None:
    record = SessionRecord("bench-0")
    session = _session(SocketNotes(), record)
    session.on_message(_sound(10 * BLOCK, BLOCK), 1)
    session.on_message(_sound(11 * BLOCK, 800), 2)
    session.on_message(_sound(30 * BLOCK, BLOCK), 3)
    session.on_message(_sound(99 * BLOCK, BLOCK), 4)
    session.on_message(_sound(0, BLOCK), 5)
    assert [start for _, start, _ in record.arrivals] == [3200, 3520, 9600, 99 * BLOCK, 0]
    assert [end - start for _, start, end in record.arrivals] == [BLOCK, 800, BLOCK, BLOCK, BLOCK]


def test_what_was_never_spoken_has_no_position() -> None:
    record = SessionRecord("bench-0")
    session = _session(SocketNotes(), record)
    data = base64.b64encode(b"\x07" * 640).decode()
    session.on_message(json.dumps({"realtimeInput": {"audio": {"data": data}}}).encode(), 1)
    assert record.arrivals == [(1, -1, -1)]


def test_an_answer_stops_when_the_client_says_that_somebody_speaks() -> None:
    async def talk() -> list[dict[str, Any]]:
        socket = SocketNotes()
        session = _session(socket, SessionRecord("bench-0"))
        session.on_message(json.dumps({"setup": LOCAL_TURNS}).encode(), 1)
        session.on_message(_told("activityEnd"), 2)
        while not any("modelTurn" in each.get("serverContent", {}) for each in socket.sent):
            await asyncio.sleep(0)
        session.on_message(_told("activity_start"), 3)
        return socket.sent

    sent = asyncio.run(talk())
    assert sent[0] == {"setupComplete": {}}
    assert sent[-2:] == [
        {"serverContent": {"interrupted": True}},
        {"serverContent": {"turnComplete": True}},
    ]


def test_the_quota_ends_with_the_sample_that_was_named() -> None:
    socket, record = SocketNotes(), SessionRecord("bench-0")
    session = _session(socket, record, quota_at=3 * BLOCK)
    for block in range(4):
        session.on_message(_sound(block * BLOCK, BLOCK), block)
    assert socket.closed is not None
    assert socket.closed[0] == 1011
    assert record.exhausted_ns
    assert len(record.arrivals) == 3


def test_a_frame_that_comes_in_pieces_is_one_message() -> None:
    class Listener:
        def __init__(self) -> None:
            self.messages: list[bytes] = []

        def on_message(self, message: bytes, at_ns: int) -> None:
            self.messages.append(message)

        def lost(self) -> None:
            raise AssertionError("nothing was closed")

    class Wire(asyncio.Transport):
        def __init__(self) -> None:
            super().__init__()
            self.written = b""

        def write(self, data: bytes | bytearray | memoryview) -> None:
            self.written += bytes(data)

    listener, wire = Listener(), Wire()
    socket = LiveSocket(lambda _, fields: listener, b"{}")
    socket.connection_made(wire)
    request = "GET /ws HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    frames = [Frame(Opcode.TEXT, b"x" * size) for size in (5, 200, 70_000)]
    stream = request.encode() + b"".join(each.serialize(mask=True) for each in frames)
    for at in range(0, len(stream), 997):
        socket.data_received(stream[at : at + 997])
    assert [len(message) for message in listener.messages] == [5, 200, 70_000]
    # The answer to the key of RFC 6455, section 1.3.
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in wire.written


def _floor() -> ProgramSubject:
    return ProgramSubject("the floor", "floor", lambda: Path(sys.executable), 2)


def test_all_sound_of_all_sessions_arrives_and_is_answered(tmp_path: Path) -> None:
    trial = Trial(speech(5.0), turn_ends=(16_000,), sessions=2)
    seen = _floor().observe(trial, tmp_path)
    assert [number for number, _ in seen.own_sessions()] == [0, 1]
    for _, record in seen.own_sessions():
        assert sum(end - start for _, start, end in record.arrivals) == len(trial.sound)
    assert all(runs for runs in seen.runs)
    assert seen.memory_mib > 0


def test_a_program_that_ends_is_a_collapse_and_leaves_nothing_running(tmp_path: Path) -> None:
    subject = ProgramSubject("nobody", "nobody", lambda: Path(sys.executable), 1)
    with pytest.raises(CollapsedError, match="nobody ended"):
        subject.observe(Trial(speech(5.0)), tmp_path)
    assert "No module named" in (tmp_path / "errors.log").read_text()
