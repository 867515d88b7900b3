"""google-genai alone: a Live session and nothing else, what everybody pays at least."""

from __future__ import annotations

import asyncio
import ssl

from google import genai
from google.genai import types

from benchmarks.peers.device import Device
from benchmarks.peers.program import run
from benchmarks.peers.task import MODEL, Task


class FloorLine:
    """Sends each block as it comes; what comes back is played at once."""

    def __init__(self, task: Task, key: str, device: Device) -> None:
        context = ssl.create_default_context(cafile=task.ca_file)
        self._device = device
        self._client = genai.Client(
            api_key=key,
            http_options=types.HttpOptions(
                base_url=task.base_url,
                api_version="v1beta",
                async_client_args={"verify": context, "ssl": context},
            ),
        )
        self._blocks: asyncio.Queue[bytes] = asyncio.Queue()
        self._opened = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect."""
        self._task = asyncio.create_task(self._hold())
        await self._opened.wait()

    def hear(self, pcm: bytes) -> None:
        """Take 20 ms."""
        self._blocks.put_nowait(pcm)

    async def _hold(self) -> None:
        config = types.LiveConnectConfig(response_modalities=[types.Modality.AUDIO])
        async with self._client.aio.live.connect(model=MODEL, config=config) as session:
            self._opened.set()
            listening = asyncio.create_task(self._listen(session))
            while True:
                pcm = await self._blocks.get()
                await session.send_realtime_input(
                    audio=types.Blob(data=pcm, mime_type="audio/pcm;rate=16000")
                )
                if listening.done():
                    listening.result()

    async def _listen(self, session: genai.live.AsyncSession) -> None:
        while True:
            async for message in session.receive():
                if message.data:
                    self._device.play(len(message.data) / 48_000)


if __name__ == "__main__":
    run(FloorLine, depth_ms=0)
