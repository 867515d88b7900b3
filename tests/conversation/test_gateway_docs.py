"""The commands that docs/gateway.md shows, run as they stand there, and what a website's own first
tests of us do: REST, then a conversation over the socket."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import websockets
from encoded_sound import encoded
from gateway_client import called
from helpers import ROOT, SPEECH, live_sound
from web_gateway import gateway_config
from websites import Site

from actors.lib.audio.decode import decode
from benchmarks.web_room import url_of
from pipeline.testing import running

COMMANDS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PREFIX = "/api/v1/live-audio"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(gateway_config(tmp_path_factory.mktemp("gateway"))) as pipeline:
        yield url_of(pipeline)


def shown(word: str) -> str:
    """The block of commands in docs/gateway.md that has this word in it."""
    blocks = COMMANDS.findall((ROOT / "docs" / "gateway.md").read_text())
    (block,) = (each for each in blocks if word in each)
    return str(block)


def run(commands: str, url: str, folder: Path) -> list[Any]:
    """Run commands of curl; return what each was answered."""
    assert "localhost:3000" in commands
    here = commands.replace("localhost:3000", url.removeprefix("http://"))
    # Answers are not followed by a line break.
    here = re.sub(r"^curl ", r"curl --silent --show-error -w '\\n' ", here, flags=re.MULTILINE)
    done = subprocess.run(
        ["sh", "-e", "-c", here],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line]


def test_a_session_is_started_listed_asked_for_and_ended(url: str, tmp_path: Path) -> None:
    started, listed, status, ended = run(shown("session/start"), url, tmp_path)
    assert started["success"] is True
    assert started["session_id"] == "interview-7"
    assert [each["session_id"] for each in listed["sessions"]] == ["interview-7"]
    assert status["state"] == "away"
    assert ended == {"success": True, "session_id": "interview-7"}
    # It is over, and says so.
    code, answer = called(f"{url}{PREFIX}/session/interview-7/status", "GET")
    assert code == 410
    assert "error" in answer


def test_a_file_is_put_into_words_and_asked_about(url: str, tmp_path: Path) -> None:
    spoken = np.concatenate(list(decode(SPEECH / "goforward.wav")))
    (tmp_path / "meeting.m4a").write_bytes(encoded("ipod", "aac", 16_000, spoken))
    (answer,) = run(shown("transcribe"), url, tmp_path)
    assert answer["success"] is True
    assert "meters" in answer["text"].lower()
    assert answer["answer"]


def test_the_sample_of_a_websites_rest_calls(url: str) -> None:
    session = f"session-{uuid.uuid4()}"
    body = {"session_id": session, "model": "gemini-2.0-flash-exp", "voice": "Puck"}
    assert called(f"{url}{PREFIX}/session/start", "POST", body)[1]["session_id"] == session
    code, listed = called(f"{url}{PREFIX}/sessions", "GET")
    assert code == 200
    assert session in [each["session_id"] for each in listed["sessions"]]
    assert called(f"{url}{PREFIX}/session/end", "POST", {"session_id": session})[0] == 200


def test_the_sample_of_a_websites_conversation(url: str) -> None:
    async def converse() -> list[dict[str, Any]]:
        # To the port alone, without a path, as the sample does.
        async with websockets.connect(url.replace("http", "ws", 1)) as socket:
            site = Site(socket)
            await socket.send(
                json.dumps({"type": "start_session", "model": "gemini-2.0-flash-exp"})
            )
            session = (await site.until("session_started"))["session_id"]
            async for piece in live_sound("goforward.wav"):
                data = base64.b64encode(piece).decode()
                await socket.send(json.dumps({"type": "audio_chunk", "data": data}))
            await site.until("turn_complete")
            await socket.send(json.dumps({"type": "nonsense"}))
            await site.until("error")
            await socket.send(json.dumps({"type": "end_session", "session_id": session}))
            await site.until("session_ended")
            with pytest.raises(websockets.ConnectionClosedOK):
                await socket.recv()
        return site.told

    told = asyncio.run(converse())
    assert {"session_started", "transcript", "audio", "turn_complete", "error"} <= {
        each["type"] for each in told
    }
    words = "".join(each["text"] for each in told if each["type"] == "transcript")
    assert "meters" in words.lower()
