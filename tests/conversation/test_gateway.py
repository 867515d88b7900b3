"""Callers from websites, on real processes: answered, handed on, and back after a crash."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import wave
from pathlib import Path
from typing import Any

import pytest
import websockets
from helpers import ROOT, journal, live_sound, recognise, write_config

from pipeline.testing import RunningPipeline, running


def config(folder: Path, gateway: dict[str, Any] | None = None, **simulator: Any) -> Path:
    options = {"port": 0, **(gateway or {})}
    # A key of whoever runs the tests is not spent on them.
    simulated = {"options": {"server_file_when": "always"}}
    changes = {
        "actors": {
            "gateway": {"options": options},
            "simulator": {"options": simulator},
            "live": simulated,
            "http": simulated,
        }
    }
    return write_config(folder, changes, ROOT / "configs" / "gateway.yaml")


def url_of(pipeline: RunningPipeline) -> str:
    pipeline.until(lambda status: status.ready, "readiness")
    url: str = json.loads((pipeline.runtime_dir / "gateway.json").read_text())["url"]
    return url


def address(pipeline: RunningPipeline) -> str:
    return url_of(pipeline).replace("http", "ws", 1) + "/ws/live-audio"


class Site:
    """A website's client."""

    def __init__(self, websocket: websockets.ClientConnection) -> None:
        self._websocket = websocket
        self.told: list[dict[str, Any]] = []
        self.sound = b""

    async def start(self, session: str, **manner: Any) -> None:
        await self._websocket.send(
            json.dumps({"type": "start_session", "session_id": session, **manner})
        )
        await self.until("session_started")

    async def speak(self, recording: str) -> None:
        """Say a recording, in pieces and in time, and send nothing after it."""
        async for piece in live_sound(recording):
            data = base64.b64encode(piece).decode()
            await self._websocket.send(
                json.dumps({"type": "audio_chunk", "data": data, "format": "pcm"})
            )

    async def until(self, kind: str) -> dict[str, Any]:
        """Take what comes until there is a message of a kind."""
        async with asyncio.timeout(60):
            while True:
                message: dict[str, Any] = json.loads(await self._websocket.recv())
                self.told.append(message)
                if message["type"] == "audio":
                    self.sound += base64.b64decode(message["data"])
                if message["type"] == kind:
                    return message

    def words(self, role: str) -> str:
        return "".join(
            each["text"]
            for each in self.told
            if each["type"] == "transcript" and each["role"] == role
        )


def recognised(pcm: bytes, folder: Path) -> str:
    """The words in samples at 24 kHz."""
    path = folder / "heard.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(pcm)
    return recognise(path)


async def ask(url: str, session: str, recording: str, **manner: Any) -> tuple[Site, dict[str, Any]]:
    async with websockets.connect(url) as websocket:
        site = Site(websocket)
        await site.start(session, **manner)
        await site.speak(recording)
        closed = await site.until("turn_complete")
        return site, closed


def test_two_callers_are_answered_aloud_each_in_its_manner(tmp_path: Path) -> None:
    async def both(url: str) -> list[tuple[Site, dict[str, Any]]]:
        return await asyncio.gather(
            ask(url, "anna", "goforward.wav", system_instruction="You serve anna."),
            ask(url, "ben", "cards-001.wav", system_instruction="You serve ben."),
        )

    with running(config(tmp_path)) as pipeline:
        anna, ben = asyncio.run(both(address(pipeline)))
        setups = [each["setup"] for each in journal(pipeline)["sessions"]]
    for (site, closed), words in ((anna, "meters"), (ben, "ten of clubs")):
        assert (closed["outcome"], closed["answered_by"]) == ("answered", "live")
        assert words in site.words("user").lower()
        assert words in site.words("model").lower()
        assert words.split()[-1] in recognised(site.sound, tmp_path)
    instructions = [str(each.get("systemInstruction")) for each in setups]
    for name in ("anna", "ben"):
        assert sum(f"You serve {name}." in each for each in instructions) == 1


def test_a_caller_is_answered_by_http_when_live_has_no_quota(tmp_path: Path) -> None:
    with running(config(tmp_path, scenario="f01_quota_mid_speech")) as pipeline:
        site, closed = asyncio.run(ask(address(pipeline), "anna", "goforward.wav"))
    assert (closed["outcome"], closed["answered_by"]) == ("answered", "http")
    assert "meters" in recognised(site.sound, tmp_path)
    assert not [each for each in site.told if each["type"] in ("error", "session_ended")]


def test_callers_of_a_gateway_that_was_killed_come_back_to_their_sessions(tmp_path: Path) -> None:
    async def converse(pipeline: RunningPipeline) -> Site:
        url = address(pipeline)
        async with websockets.connect(url) as websocket:
            first = Site(websocket)
            await first.start("anna")
            await first.speak("cards-001.wav")
            await first.until("turn_complete")
            os.kill(pipeline.pid("gateway"), signal.SIGKILL)
            with pytest.raises(websockets.ConnectionClosed):
                await first.until("never")
        # The address is listened on all the time: who connects now is served by the next process.
        _, closed = await ask(url, "anna", "goforward.wav")
        assert closed["outcome"] == "answered"
        return first

    with running(config(tmp_path)) as pipeline:
        asyncio.run(converse(pipeline))
        status = pipeline.until(lambda status: status.turns_open == 0, "every turn closed")
        opened = status.session_counts["opened"]
    assert status.turns_closed == {"answered": 2}
    assert opened == 1
