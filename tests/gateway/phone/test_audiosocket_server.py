"""Asterisk's AudioSocket on a gateway by itself: plain TCP, at our pace."""

from __future__ import annotations

import socket
import struct
import time
import uuid
from collections.abc import Iterator

import pytest
from encoded_sound import tone
from gateway_client import GatewayOnStage, gateway_on_stage

from pipeline.frames import (
    Playback,
    PlaybackState,
    SessionEnd,
    SessionEnded,
)

NAME = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")
SOUND, KEY, ENDED = 0x10, 0x03, 0x00


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(prebuffer_ms=0, phone={"audiosocket_port": 0}) as on_stage:
        yield on_stage


class AsteriskEnd:
    """The exchange's end of one call."""

    def __init__(self, gateway: GatewayOnStage) -> None:
        self.gateway = gateway
        self.socket = socket.create_connection(gateway.harness.actor._audiosocket.address)
        self.socket.settimeout(10)
        self.session = ""

    def send(self, kind: int, payload: bytes = b"") -> None:
        self.socket.sendall(struct.pack(">BH", kind, len(payload)) + payload)

    def begin(self) -> None:
        self.send(0x01, NAME.bytes)
        self.send(SOUND, bytes(320))
        opened = self.gateway.let_in()
        self.session = opened.session
        assert opened.labels["call"] == str(NAME)
        assert opened.labels["provider"] == "audiosocket"

    def receive(self) -> tuple[int, bytes, float]:
        """Return the next message, and when it came; kind -1 at the end."""

        def read() -> tuple[int, bytes, float]:
            head = self._exactly(3)
            if not head:
                return -1, b"", time.monotonic()
            kind, length = struct.unpack(">BH", head)
            return kind, self._exactly(length), time.monotonic()

        return self.gateway.meanwhile(read)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size and (more := self.socket.recv(size - len(data))):
            data += more
        return data


@pytest.fixture
def asterisk(gateway: GatewayOnStage) -> Iterator[AsteriskEnd]:
    end = AsteriskEnd(gateway)
    yield end
    end.socket.close()


def test_an_answer_is_sent_at_its_pace_and_counts_as_heard_by_the_clock(
    gateway: GatewayOnStage, asterisk: AsteriskEnd
) -> None:
    asterisk.begin()
    sound = tone(1.0)
    gateway.answer(f"{asterisk.session}:0", sound)
    began_s = time.monotonic()
    messages = [asterisk.receive() for _ in range(50)]
    assert {(kind, len(payload)) for kind, payload, _ in messages} == {(SOUND, 320)}
    assert messages[-1][2] - began_s > 0.8, "no faster than it is spoken"
    gateway.harness.until(
        lambda: any(
            isinstance(each, Playback)
            and (each.state, each.played_samples) == (PlaybackState.FINISHED, len(sound))
            for each in gateway.harness.sent["playback"]
        ),
        "all of it is heard",
    )


def test_a_silent_line_is_kept_alive(gateway: GatewayOnStage, asterisk: AsteriskEnd) -> None:
    asterisk.begin()
    began_s = time.monotonic()
    for _ in range(2):
        kind, payload, at_s = asterisk.receive()
        assert (kind, payload) == (SOUND, bytes(320))
        assert at_s - began_s < 2.0, "Asterisk ends the call after 2 s without a word"
        began_s = at_s


@pytest.mark.parametrize("says_so", [True, False])
def test_its_session_ends_when_the_caller_hangs_up(
    gateway: GatewayOnStage, asterisk: AsteriskEnd, says_so: bool
) -> None:
    asterisk.begin()
    if says_so:
        asterisk.send(ENDED)
    else:
        asterisk.socket.shutdown(socket.SHUT_WR)
    ended = gateway.harness.expect("sessions", SessionEnded)
    assert (ended.session, ended.reason) == (asterisk.session, SessionEnd.HUNG_UP)
    gateway.harness.end(asterisk.session)


def test_the_line_is_told_and_closed_when_the_session_ends(
    gateway: GatewayOnStage, asterisk: AsteriskEnd
) -> None:
    asterisk.begin()
    gateway.harness.end(asterisk.session, SessionEnd.TIME_OVER)
    kinds = [asterisk.receive()[0]]
    while kinds[-1] != -1:
        kinds.append(asterisk.receive()[0])
    assert kinds[-2:] == [ENDED, -1]
