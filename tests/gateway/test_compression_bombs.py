"""What is small on the wire and would be huge: refused in words, and never there as a whole."""

from __future__ import annotations

import gzip
import json
import threading
import tracemalloc
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from ear_listener import PATIENCE_S
from encoded_sound import encoded
from gateway_client import GatewayOnStage, exchanged, gateway_on_stage, packed, received
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from actors.gateway.ear import MOST_AHEAD_S, CallerEar
from actors.gateway.sound import MOST_DECODED_SAMPLES
from actors.lib.audio.pcm import SAMPLE_BYTES, SPEECH_RATE_HZ
from pipeline.frames import Audio, UserText

START = "/api/v1/live-audio/session/start"
FILES = "/api/v1/live-audio/transcribe"
GENERATE = "/v1beta/models/gemini-3.8-live:generateContent"
NOTHING = bytes(50_000_000)
HALF_AN_HOUR_S = 1800
FLAT_BYTES = 20_000_000
"""Half an hour of sound at 16 kHz has 58 MB."""


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage() as one:
        yield one


@pytest.fixture(scope="module")
def silent_file() -> bytes:
    """Half an hour of nothing."""
    silence = np.zeros(HALF_AN_HOUR_S * SPEECH_RATE_HZ, np.int16)
    return encoded("flac", "flac", SPEECH_RATE_HZ, silence)


def close_code(client: ClientConnection) -> int:
    """Read until the gateway closes the connection; return with which code."""
    try:
        while True:
            client.recv(timeout=20)
    except ConnectionClosed as closed:
        return 0 if closed.rcvd is None else closed.rcvd.code


@pytest.mark.parametrize("path", [START, FILES, GENERATE])
def test_a_body_that_is_compressed_is_not_unpacked(gateway: GatewayOnStage, path: str) -> None:
    bomb = gzip.compress(NOTHING)
    assert len(bomb) < 100_000

    def send() -> tuple[int, str]:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        request = urllib.request.Request(f"http://{gateway.url}{path}", bomb, headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=20)
        with refused.value as error:
            return error.code, error.read().decode()

    status, told = gateway.meanwhile(send)
    assert status == (400 if path == GENERATE else 415), told
    assert "without Content-Encoding" in told
    assert gateway.meanwhile(lambda: exchanged(f"http://{gateway.url}/healthz", "GET"))[0] == 200


def test_a_message_that_is_compressed_is_no_message(gateway: GatewayOnStage) -> None:
    client = gateway.connect(compression="deflate")
    assert client.protocol.extensions == [], "it was offered, and not taken"
    gateway.start(client)
    squeeze = zlib.compressobj(wbits=-15)
    bomb = squeeze.compress(NOTHING) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    # A whole text with the first reserved bit, which says that it is compressed.
    head = bytes((0xC1, 0x80 | 126)) + len(bomb).to_bytes(2, "big") + bytes(4)

    assert len(bomb) < 1 << 16
    client.socket.sendall(head + bomb)
    assert gateway.meanwhile(lambda: close_code(client)) == 1002


def test_a_message_that_is_too_large_is_refused_before_it_is_there(gateway: GatewayOnStage) -> None:
    client = gateway.connect()
    gateway.start(client)
    # 100 MB, of which only the head comes.
    head = bytes((0x82, 0x80 | 127)) + (100_000_000).to_bytes(8, "big") + bytes(4)

    client.socket.sendall(head)
    assert gateway.meanwhile(lambda: close_code(client)) == 1009


def test_half_an_hour_in_some_kb_is_refused_once_and_who_sent_it_goes_on(
    gateway: GatewayOnStage, silent_file: bytes
) -> None:
    assert len(silent_file) < 400_000
    client = gateway.connect()
    gateway.start(client)

    def send(one: ClientConnection) -> list[str]:
        one.send(json.dumps({"type": "audio_chunk", "data": packed(silent_file)}))
        told = [received(one)]
        one.send('{"type": "audio_end"}')
        one.send('{"type": "text", "text": "still here"}')
        one.send('{"type": "ping"}')
        while told[-1] != {"type": "pong"}:
            told.append(received(one))
        return [each.get("error", "") for each in told[:-1]]

    errors = gateway.meanwhile(lambda: send(client))
    assert len(errors) == 1
    assert "faster than it is spoken" in errors[0]
    assert gateway.harness.expect("text", UserText).text == "still here"


def test_of_a_file_no_more_is_decoded_than_is_taken(silent_file: bytes) -> None:
    waiting: list[Callable[[], None]] = []
    stirred = threading.Condition()
    heard: list[int] = []
    problems: list[str] = []

    def later(work: Callable[[], None]) -> None:
        with stirred:
            waiting.append(work)
            stirred.notify()

    def note(block: Audio) -> None:
        heard.append(block.samples)

    ear = CallerEar("caller", note, later, problems.append)
    tracemalloc.start()
    try:
        ear.hear_file(silent_file)
        (decoding,) = [each for each in threading.enumerate() if each.name == "caller's sound"]
        while ear.takes_file(b"more") or waiting:
            with stirred:
                assert stirred.wait_for(lambda: waiting, PATIENCE_S)
                due, waiting[:] = list(waiting), []
            for work in due:
                work()
        decoding.join(PATIENCE_S)
        assert not decoding.is_alive()
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert problems == [problems[0]]
    assert "faster than it is spoken" in problems[0]
    assert sum(heard) <= (MOST_AHEAD_S + PATIENCE_S) * SPEECH_RATE_HZ
    assert most < FLAT_BYTES
    assert MOST_DECODED_SAMPLES * SAMPLE_BYTES < FLAT_BYTES
