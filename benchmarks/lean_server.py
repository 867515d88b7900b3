"""As much of the Live protocol as a listener needs, at a tenth of the simulator's cost.

`python -m benchmarks.lean_server FOLDER` writes `simulator.json` into the folder, which the option
`server_file` of `live` takes. It answers each turn with a tone, and at the end of its input writes
`arrivals.npy`: monotonic time in ns, caller and block of each message that is one block of sound.
"""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.callers import unmark
from benchmarks.peers.live_socket import LiveSocket
from benchmarks.sound import CHUNK_SAMPLES

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


def _answer() -> list[bytes]:
    tone = 3000 * np.sin(np.arange(24 * ANSWER_MS) * 2 * np.pi * 300 / 24_000)
    data = base64.b64encode(tone.astype("<i2").tobytes()).decode()
    part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}}
    sound = {"serverContent": {"modelTurn": {"parts": [part]}}}
    ends = ({"serverContent": {name: True}} for name in ("generationComplete", "turnComplete"))
    return [json.dumps(message).encode() for message in (*[sound] * ANSWER_MESSAGES, *ends)]


class Listener:
    """One session: keeps the blocks of sound as they came."""

    answer = _answer()

    def __init__(self, socket: LiveSocket, heard: list[tuple[int, bytes]]) -> None:
        self._socket = socket
        self._heard = heard

    def take(self, message: bytes, at_ns: int) -> None:
        """Take a message."""
        if message.startswith(AUDIO_START):
            self._heard.append((at_ns, message[len(AUDIO_START) : message.index(b'"', 40)]))
        elif b'"setup"' in message[:12]:
            self._socket.send(b'{"setupComplete": {}}')
        elif b"activityEnd" in message or b"activity_end" in message:
            for each in self.answer:
                self._socket.send(each)

    def lost(self) -> None:
        """Nothing hangs on it."""


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
    models = json.dumps(MODELS).encode()
    server = await loop.create_server(
        lambda: LiveSocket(lambda socket, _: Listener(socket, heard), models),
        "127.0.0.1",
        ssl=certificates.trusted,
    )
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
