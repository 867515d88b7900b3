"""google-genai alone, in one process that does nothing else: what both ways cost at least.

`python -m benchmarks.bare BASE_URL CA_FILE send WAV` sends sound in real time and prints the
monotonic time at which sample 0 was captured, in ns. `... receive COUNT` types so many lines, one
after the other, and prints when the first sound of each answer was there.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from actors.backends.gemini.live.client import live_client
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.server import Server as Address
from actors.inputs.recording.clock import Clock
from benchmarks.server import TYPED_WORD, Server
from benchmarks.sound import CHUNK_SAMPLES, RATE_HZ, read_wav

if TYPE_CHECKING:
    from google.genai.live import AsyncSession


def send_alone(server: Server, sound: Path) -> int:
    """Send `sound` from a process of its own; return when its sample 0 was captured, in ns."""
    return _run(server, "send", str(sound))[0]


def receive_alone(server: Server, count: int) -> list[int]:
    """Type `count` lines in a process of its own; return when the answers came, in ns."""
    return _run(server, "receive", str(count))


def _run(server: Server, *what: str) -> list[int]:
    module = [sys.executable, "-m", "benchmarks.bare"]
    command = [*module, server.base_url, server.ca_file, *what]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [int(line) for line in done.stdout.split()]


@asynccontextmanager
async def _session(address: Address) -> AsyncIterator[AsyncSession]:
    from google.genai import types

    options = LiveOptions()
    client = live_client(address, options)
    config = types.LiveConnectConfig(response_modalities=[types.Modality.AUDIO])
    async with client.aio.live.connect(model=options.model, config=config) as session:
        yield session


async def _receive(address: Address, count: int) -> list[int]:
    times_ns: list[int] = []
    async with _session(address) as session:
        for number in range(count):
            await session.send_realtime_input(text=f"{TYPED_WORD} {number}")
            async for message in session.receive():
                if message.data and len(times_ns) == number:
                    times_ns.append(time.monotonic_ns())
    return times_ns


async def _send(address: Address, sound: Path) -> list[int]:
    pcm = read_wav(sound).tobytes()
    chunk_bytes = 2 * CHUNK_SAMPLES
    async with _session(address) as session:
        listening = asyncio.create_task(_listen(session))
        clock = Clock()
        zero_ns = time.monotonic_ns()
        for start in range(0, len(pcm) - chunk_bytes + 1, chunk_bytes):
            end = start + chunk_bytes
            await clock.sleep_until(zero_ns + end // 2 * 1_000_000_000 // RATE_HZ)
            await session.send_realtime_input(
                audio={"data": pcm[start:end], "mime_type": f"audio/pcm;rate={RATE_HZ}"}
            )
        clock.close()
        listening.cancel()
    return [zero_ns]


async def _listen(session: AsyncSession) -> None:
    while True:
        async for _ in session.receive():
            pass


def main() -> None:
    """Entry point."""
    base_url, ca_file, what, detail = sys.argv[1:]
    address = Address(("bench",), base_url, ca_file)
    work = _send(address, Path(detail)) if what == "send" else _receive(address, int(detail))
    print(*asyncio.run(work), sep="\n")


if __name__ == "__main__":
    main()
