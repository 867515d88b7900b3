"""Callers who behave badly beside one who does not; and a gateway that is stopped in mid-turn."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import socket
import struct
from pathlib import Path
from typing import Any

import psutil
import pytest
import websockets
from gateway_client import called
from helpers import said
from web_gateway import gateway_config
from websites import Site, address, ask

from benchmarks.web_room import url_of
from pipeline.testing import RunningPipeline, running

START = "/api/v1/live-audio/session/start"
MOST_GROWN_MIB = 40.0
"""Of the gateway: four callers' sound retained for 15 s is 2 MiB, what waits for one who reads
nothing 4."""


async def never_reads(url: str) -> websockets.ClientConnection:
    """Ask something, and take nothing that is said."""
    client = await websockets.connect(url, max_queue=1)
    await client.send(json.dumps({"type": "start_session", "session_id": "deaf"}))
    for _ in range(300):
        await client.send(json.dumps({"type": "nonsense"}))
    client.transport.pause_reading()  # type: ignore[attr-defined]
    return client


async def talks_fast(url: str) -> websockets.ClientConnection:
    """Send a sentence at ten times its pace, again and again."""
    client = await websockets.connect(url)
    await client.send(json.dumps({"type": "start_session", "session_id": "hasty"}))
    pcm = said("goforward.wav")
    for _ in range(2):
        for at in range(0, len(pcm), 3200):
            await client.send(pcm[at : at + 3200])
            await asyncio.sleep(0.01)
    return client


async def vanishes(url: str) -> None:
    """Begin to speak, and reset the connection."""
    client = await websockets.connect(url)
    await client.send(json.dumps({"type": "start_session", "session_id": "gone"}))
    await client.recv()
    pcm = said("goforward.wav")
    await client.send(pcm[: len(pcm) // 4])
    raw: socket.socket = client.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.transport.abort()
    await client.wait_closed()


async def comes_twice(url: str) -> list[str]:
    """Come to one session over two connections at once; return what each was told last."""

    async def come() -> str:
        async with websockets.connect(url) as client:
            await client.send(json.dumps({"type": "start_session", "session_id": "twin"}))
            told = ""
            try:
                async with asyncio.timeout(5):
                    async for text in client:
                        told = json.loads(text)["type"]
                return f"closed: {client.close_reason}"
            except TimeoutError:
                return told

    return sorted(await asyncio.gather(come(), come()))


async def beside_them(pipeline: RunningPipeline) -> tuple[Site, dict[str, Any], list[str]]:
    url = address(pipeline)
    deaf = await never_reads(url)
    try:
        hasty, twins, _, (site, closed) = await asyncio.gather(
            talks_fast(url),
            comes_twice(url),
            vanishes(url),
            ask(url, "anna", "goforward.wav"),
        )
        await hasty.close()
    finally:
        deaf.transport.abort()
        await deaf.wait_closed()
    return site, closed, twins


def test_bad_callers_cost_the_others_nothing(tmp_path: Path) -> None:
    with running(gateway_config(tmp_path)) as pipeline:
        url_of(pipeline)
        gateway = psutil.Process(pipeline.pid("gateway"))
        asyncio.run(beside_them(pipeline))
        before = gateway.memory_info().rss
        site, closed, twins = asyncio.run(beside_them(pipeline))
        assert closed["outcome"] == "answered"
        assert "meters" in site.words("user").lower()
        # One of the two has the session, the other was told that it has not.
        first, second = twins
        assert first == "closed: the conversation goes on over another connection"
        assert second == "session_started"
        assert pipeline.pid("gateway") == gateway.pid
        assert (gateway.memory_info().rss - before) / 2**20 < MOST_GROWN_MIB


def test_a_pipeline_that_is_stopped_finishes_the_turn_first(tmp_path: Path) -> None:
    async def converse(pipeline: RunningPipeline, url: str) -> list[str]:
        async with websockets.connect(address(pipeline)) as client:
            site = Site(client)
            await site.start("anna")
            pcm = said("goforward.wav")
            data = base64.b64encode(pcm).decode()
            await client.send(json.dumps({"type": "audio_chunk", "data": data, "format": "pcm"}))
            await site.until("speech_ended")
            pipeline.process.send_signal(signal.SIGTERM)
            await site.until("going_away")
            refused = await asyncio.to_thread(called, f"{url}{START}", "POST", {})
            assert refused[0] == 503
            closed = await site.until("turn_complete")
            assert closed["outcome"] == "answered"
            with pytest.raises(websockets.ConnectionClosed):
                await site.until("never")
        return [each["type"] for each in site.told]

    path = gateway_config(tmp_path)
    with running(path) as pipeline:
        told = asyncio.run(converse(pipeline, url_of(pipeline)))
        assert pipeline.process.wait(60) == 0
    assert told.index("going_away") < told.index("turn_complete")
