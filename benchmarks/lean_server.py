"""As much of the Live protocol as a listener needs, at a tenth of the simulator's cost.

`python -m benchmarks.lean_server FOLDER` writes `simulator.json` into the folder, which the option
`server_file` of `live` takes. It answers each turn with a tone, and at the end of its input writes
`arrivals.npy`: monotonic time in ns, caller and block of each message that is one block of sound.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from websockets.speedups import apply_mask

from benchmarks.callers import unmark
from benchmarks.sound import CHUNK_SAMPLES

ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
"""Opcodes, RFC 6455, section 5.2."""
MODELS = {
    "models": [
        {"name": "models/gemini-3.8-live", "supportedGenerationMethods": ["bidiGenerateContent"]}
    ]
}
AUDIO_START = b'{"realtime_input": {"audio": {"data": "'
ANSWER_MS, ANSWER_MESSAGES = 200, 5
"""A second of sound at once, as the service sends the beginning of an answer."""
READY_S = 20.0

Arrivals = NDArray[np.int64]


def _message(body: object, opcode: int = TEXT) -> bytes:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    if len(payload) < 126:
        return bytes((0x80 | opcode, len(payload))) + payload
    return bytes((0x80 | opcode, 126)) + len(payload).to_bytes(2, "big") + payload


def _answer() -> bytes:
    tone = 3000 * np.sin(np.arange(24 * ANSWER_MS) * 2 * np.pi * 300 / 24_000)
    data = base64.b64encode(tone.astype("<i2").tobytes()).decode()
    part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}}
    sound = _message({"serverContent": {"modelTurn": {"parts": [part]}}})
    return (
        sound * ANSWER_MESSAGES
        + _message({"serverContent": {"generationComplete": True}})
        + _message({"serverContent": {"turnComplete": True}})
    )


class Line(asyncio.Protocol):
    """One connection: first HTTP, then WebSocket."""

    answer = _answer()

    def __init__(self, heard: list[tuple[int, bytes]]) -> None:
        self._heard = heard
        self._waiting = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where to write."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what is complete, and keep the rest."""
        at_ns = time.monotonic_ns()
        self._waiting += data
        while self._take_message(at_ns) if self._upgraded else self._take_request():
            pass

    def _take_request(self) -> bool:
        head, end, rest = self._waiting.partition(b"\r\n\r\n")
        if not end:
            return False
        self._waiting = rest
        lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value for name, _, value in (s.partition(": ") for s in lines[1:])}
        if "sec-websocket-key" in fields:
            digest = hashlib.sha1((fields["sec-websocket-key"] + ACCEPT_GUID).encode()).digest()
            upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            accept = base64.b64encode(digest).decode()
            self._transport.write(
                f"HTTP/1.1 101 Switching Protocols\r\n{upgrade}{accept}\r\n\r\n".encode()
            )
            self._upgraded = True
        else:
            body = json.dumps(MODELS).encode()
            kind = "Content-Type: application/json"
            head_back = f"HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write(head_back.encode() + body)
        return bool(self._waiting)

    def _take_message(self, at_ns: int) -> bool:
        waiting = self._waiting
        if len(waiting) < 2:
            return False
        size, start = waiting[1] & 0x7F, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(waiting[2:start], "big")
        start += 4
        if len(waiting) < start + size:
            return False
        payload = apply_mask(waiting[start : start + size], waiting[start - 4 : start])
        self._waiting = waiting[start + size :]
        opcode = waiting[0] & 0x0F
        if opcode == TEXT:
            self._on_text(payload, at_ns)
        elif opcode == PING:
            self._transport.write(_message(payload, PONG))
        elif opcode == CLOSE:
            self._transport.write(_message(payload, CLOSE))
            self._transport.close()
        return bool(self._waiting)

    def _on_text(self, payload: bytes, at_ns: int) -> None:
        if payload.startswith(AUDIO_START):
            self._heard.append((at_ns, payload[len(AUDIO_START) : payload.index(b'"', 40)]))
        elif b'"setup"' in payload[:12]:
            self._transport.write(_message({"setupComplete": {}}))
        elif b"activityEnd" in payload or b"activity_end" in payload:
            self._transport.write(self.answer)


def _arrivals(heard: list[tuple[int, bytes]]) -> Arrivals:
    found: list[tuple[int, int, int]] = []
    for at_ns, text in heard:
        pcm = base64.urlsafe_b64decode(text)
        mark = unmark(pcm) if len(pcm) == 2 * CHUNK_SAMPLES else None
        if mark is not None:
            found.append((at_ns, *mark))
    return np.array(found, np.int64).reshape(-1, 3)


async def _serve(folder: Path) -> None:
    from actors.simulator.certificates import make_certificates

    certificates = make_certificates(folder)
    heard: list[tuple[int, bytes]] = []
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(heard), "127.0.0.1", ssl=certificates.trusted)
    port = server.sockets[0].getsockname()[1]
    address = {
        "base_url": f"https://127.0.0.1:{port}",
        "ca_file": str(certificates.authority),
        "api_key": "bench",
    }
    (folder / "simulator.json").write_text(json.dumps(address))
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    np.save(folder / "arrivals.npy", _arrivals(heard))


class Server:
    """The process; it can be asked once, at its end."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def arrivals(self) -> Arrivals:
        """End it; return time in ns, caller and block of each block that came by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(READY_S)
        found: Arrivals = np.load(self._folder / "arrivals.npy")
        return found


@contextmanager
def lean_server(folder: Path) -> Iterator[Server]:
    """Run it in a process of its own."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.lean_server", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield Server(process, folder)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(READY_S)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
