"""Google's example servers between a page and the Live API: a program plays the page."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from checks import check, live_sound, main
from websockets.asyncio.client import connect

EXAMPLES = Path(os.environ["EXAMPLES"]) / "gemini-live-api-examples"
SDK_SERVER = EXAMPLES / "gemini-live-genai-python-sdk"
TOKEN_SERVER = EXAMPLES / "gemini-live-ephemeral-tokens-websocket"
SIMULATOR = os.environ["GOOGLE_GEMINI_BASE_URL"].replace("https", "wss")
JPEG = "/9j/wAALCAADAAQBAREA/9k="
CONSTRAINED = (
    "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def server(folder: Path, *command: str, port: int, **environment: str) -> AsyncIterator[str]:
    """The server of a folder until the block ends; gives its address once it answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=folder,
        env={**os.environ, "GEMINI_API_KEY": os.environ["GOOGLE_API_KEY"], **environment},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as client:
            while True:
                assert process.returncode is None, "the server has ended"
                try:
                    async with client.get(address):
                        break
                except aiohttp.ClientConnectionError:
                    # Of a program of somebody else's that is all there is to go by.
                    await asyncio.sleep(0.1)
        yield address
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@check
async def python_sdk_server() -> str:
    port = free_port()
    seen: dict[str, Any] = {"user": "", "gemini": "", "audio": 0, "turns": 0}
    async with (
        server(SDK_SERVER, "main.py", port=port, PORT=str(port)) as address,
        connect(address.replace("http", "ws") + "/ws") as page,
    ):

        async def until(turns: int) -> None:
            async for message in page:
                if isinstance(message, bytes):
                    seen["audio"] += len(message)
                    continue
                event = json.loads(message)
                assert event["type"] != "error", event
                if event["type"] in seen:
                    seen[event["type"]] += event["text"]
                seen["turns"] += event["type"] == "turn_complete"
                if seen["turns"] == turns:
                    return

        async for block in live_sound("cards-001.wav"):
            await page.send(block)
        await page.send(json.dumps({"type": "image", "data": JPEG}))
        await until(1)
        await page.send("what did I say?")
        await until(2)
    assert "clubs" in seen["user"], seen
    assert seen["gemini"].count("clubs") == 2, seen
    assert seen["audio"] > 100_000, seen
    return json.dumps(seen)


def sound(pcm: bytes) -> str:
    blob = {"mimeType": "audio/pcm", "data": base64.b64encode(pcm).decode()}
    return json.dumps({"realtimeInput": {"audio": blob}})


@check
async def ephemeral_tokens() -> str:
    # It listens on a port of its own choice, which may be taken here.
    port = free_port()
    text = (TOKEN_SERVER / "server.py").read_text(encoding="utf-8")
    assert "HTTP_PORT = 8000" in text
    patched = TOKEN_SERVER / "server_elsewhere.py"
    patched.write_text(text.replace("HTTP_PORT = 8000", f"HTTP_PORT = {port}"), encoding="utf-8")
    said = ""
    async with (
        server(TOKEN_SERVER, patched.name, port=port) as address,
        aiohttp.ClientSession() as client,
        client.post(f"{address}/api/token") as reply,
    ):
        token = (await reply.json())["token"]
        url = f"{SIMULATOR}{CONSTRAINED}?access_token={token}"
        async with connect(url) as live:
            # As the page's own script sends it.
            detection = {
                "disabled": False,
                "silenceDurationMs": 2000,
                "prefixPaddingMs": 500,
                "endOfSpeechSensitivity": "END_SENSITIVITY_UNSPECIFIED",
                "startOfSpeechSensitivity": "START_SENSITIVITY_UNSPECIFIED",
            }
            realtime = {
                "automaticActivityDetection": detection,
                "activityHandling": "ACTIVITY_HANDLING_UNSPECIFIED",
                "turnCoverage": "TURN_INCLUDES_ONLY_ACTIVITY",
            }
            setup = {
                "model": "models/gemini-3.1-flash-live-preview",
                "generationConfig": {"responseModalities": ["AUDIO"], "temperature": 1.0},
                "systemInstruction": {"parts": [{"text": "Be brief."}]},
                "tools": [{"functionDeclarations": []}],
                "realtimeInputConfig": realtime,
                "outputAudioTranscription": {},
            }
            await live.send(json.dumps({"setup": setup}))
            async for block in live_sound("cards-001.wav"):
                await live.send(sound(block))
            # It asks for two seconds of silence, and a microphone goes on.
            await live.send(sound(bytes(32_000)))
            async for message in live:
                content = json.loads(message).get("serverContent", {})
                said += content.get("outputTranscription", {}).get("text", "")
                if content.get("turnComplete"):
                    break
    assert "clubs" in said, said
    return said


main()
