"""google-genai alone: one process that sends sound in real time and does nothing else.

`python -m benchmarks.bare BASE_URL CA_FILE WAV` prints the monotonic time at which sample 0 was
captured, in ns, and ends with the file.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from actors.live.client import Server as Address
from actors.live.client import make_client
from actors.live.options import LiveOptions
from actors.recording.clock import sleep_until
from benchmarks.server import Server
from benchmarks.sound import CHUNK_SAMPLES, RATE_HZ, read_wav

if TYPE_CHECKING:
    from google.genai.live import AsyncSession


def send_alone(server: Server, sound: Path) -> int:
    """Send `sound` from a process of its own; return when its sample 0 was captured, in ns."""
    module = [sys.executable, "-m", "benchmarks.bare"]
    command = [*module, server.base_url, server.ca_file, str(sound)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout)


async def _send(address: Address, sound: Path) -> int:
    from google.genai import types

    options = LiveOptions()
    client = make_client(address, options)
    pcm = read_wav(sound).tobytes()
    chunk_bytes = 2 * CHUNK_SAMPLES
    config = types.LiveConnectConfig(response_modalities=[types.Modality.AUDIO])
    async with client.aio.live.connect(model=options.model, config=config) as session:
        listening = asyncio.create_task(_listen(session))
        zero_ns = time.monotonic_ns()
        for start in range(0, len(pcm) - chunk_bytes + 1, chunk_bytes):
            end = start + chunk_bytes
            await sleep_until(zero_ns + end // 2 * 1_000_000_000 // RATE_HZ)
            await session.send_realtime_input(
                audio={"data": pcm[start:end], "mime_type": f"audio/pcm;rate={RATE_HZ}"}
            )
        listening.cancel()
    return zero_ns


async def _listen(session: AsyncSession) -> None:
    while True:
        async for _ in session.receive():
            pass


def main() -> None:
    """Entry point."""
    base_url, ca_file, sound = sys.argv[1:]
    print(asyncio.run(_send(Address("bench", base_url, ca_file), Path(sound))))


if __name__ == "__main__":
    main()
