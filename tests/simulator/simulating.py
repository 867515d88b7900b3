"""Runs simulators for tests and talks to them with the unmodified google-genai."""

from __future__ import annotations

import asyncio
import threading
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from google import genai
from google.genai import types

from actors.simulator import SimulatorOptions, SimulatorServer
from actors.simulator.journal import Journal

SPEECH = Path(__file__).parent.parent / "speech"
PATIENCE_S = 20.0
LIVE_MODEL = "gemini-3.8-live"
MANUAL = {"automatic_activity_detection": {"disabled": True}}
MOVE = {
    "name": "move",
    "description": "Moves the robot.",
    "parameters": {
        "type": "OBJECT",
        "properties": {
            "direction": {"type": "STRING", "enum": ["forward", "backward"]},
            "distance_m": {"type": "NUMBER"},
        },
        "required": ["direction", "distance_m"],
    },
}
# By default the model goes on while a function is under way.
BLOCKING_MOVE = {**MOVE, "behavior": "BLOCKING"}
# The smallest baseline JPEG header that carries a size: SOI, SOF0 of 4 by 3 pixels, EOI.
JPEG_4_BY_3 = bytes.fromhex("ffd8ffc0000b080003000401011100ffd9")


class RunningSimulator:
    """A simulator on a thread and an event loop of its own."""

    def __init__(self, options: SimulatorOptions) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._on_exception)
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.server = SimulatorServer(options)
        self._thread.start()
        self._run(self.server.start())

    @property
    def journal(self) -> Journal:
        return self.server.journal

    def hear(self, pcm: bytes, rate_hz: int) -> str:
        text: str = self._run(self.server._services.stt.hear(pcm, rate_hz))
        return text

    def stop(self) -> None:
        """Stops once, and fails if anything is left or a task of the simulator failed."""
        if self._loop.is_closed():
            return
        self._run(self.server.stop())
        left = self._run(self._other_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        assert not left, f"tasks left running: {left}"
        assert not self.server._acceptor.connections, "connections left open"
        assert not self.journal.faults, self.journal.faults

    def _on_exception(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.journal.faults.append(f"{context['message']}: {context.get('exception')!r}")

    async def _other_tasks(self) -> list[str]:
        return [repr(task) for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


Scripted = Callable[..., RunningSimulator]
"""Starts a simulator with rules or options; see the fixture `scripted`."""


def scenario_file(folder: Path, *rules: dict[str, Any]) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump({"rules": list(rules)}), encoding="utf-8")
    return path


def use(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `greenroom simulate` tells the user to do."""
    monkeypatch.setenv("SSL_CERT_FILE", str(simulator.server.ca_file))
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", simulator.server.base_url)


def client(key: str = "any-key", version: str = "v1beta") -> genai.Client:
    # Many handshakes at once take their time on a busy machine.
    patient = {"open_timeout": 60}
    options = types.HttpOptions(api_version=version, async_client_args=patient)
    return genai.Client(api_key=key, http_options=options)


def run(work: Any) -> Any:
    """Runs a test's coroutine; only a broken simulator makes it take this long."""

    async def bounded() -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await work

    return asyncio.run(bounded())


def config(**changes: Any) -> dict[str, Any]:
    return {
        "response_modalities": ["AUDIO"],
        "input_audio_transcription": {},
        "output_audio_transcription": {},
        "session_resumption": {},
        **changes,
    }


def connect(**changes: Any) -> Any:
    """A Live session of google-genai, to enter."""
    return client().aio.live.connect(model=LIVE_MODEL, config=config(**changes))


def recording(name: str) -> bytes:
    with wave.open(str(SPEECH / name)) as file:
        return file.readframes(file.getnframes())


async def speak(session: Any, pcm: bytes) -> None:
    """Sends 20 ms blocks as fast as they go."""
    for start in range(0, len(pcm), 640):
        blob = types.Blob(data=pcm[start : start + 640], mime_type="audio/pcm;rate=16000")
        await session.send_realtime_input(audio=blob)


async def speak_turn(session: Any, pcm: bytes) -> None:
    await session.send_realtime_input(activity_start=types.ActivityStart())
    await speak(session, pcm)
    await session.send_realtime_input(activity_end=types.ActivityEnd())


class Received:
    """Everything that came until `stop` says so."""

    def __init__(self) -> None:
        self.audio = b""
        self.said = ""
        self.heard = ""
        self.calls: list[types.FunctionCall] = []
        self.cancelled: list[str] = []
        self.kinds: list[str] = []
        self.handle: str | None = None
        self.usage: types.UsageMetadata | None = None
        self.time_left: str | None = None

    def take(self, message: types.LiveServerMessage) -> None:
        content = message.server_content
        if content is not None:
            self._content(content)
        if message.tool_call is not None:
            self.kinds.append("tool_call")
            self.calls += message.tool_call.function_calls or []
        if message.tool_call_cancellation is not None:
            self.kinds.append("tool_call_cancellation")
            self.cancelled += message.tool_call_cancellation.ids or []
        if message.usage_metadata is not None:
            self.usage = message.usage_metadata
        update = message.session_resumption_update
        if update is not None:
            self.kinds.append("resumable" if update.resumable else "not_resumable")
            self.handle = update.new_handle or self.handle
        if message.go_away is not None:
            self.kinds.append("go_away")
            self.time_left = message.go_away.time_left

    def _content(self, content: types.LiveServerContent) -> None:
        for part in (content.model_turn.parts or []) if content.model_turn else []:
            self.kinds.append("audio")
            assert part.inline_data is not None
            assert part.inline_data.mime_type == "audio/pcm;rate=24000"
            self.audio += part.inline_data.data or b""
        if content.output_transcription is not None:
            self.said += content.output_transcription.text or ""
        if content.input_transcription is not None:
            self.kinds.append("input_transcription")
            self.heard += content.input_transcription.text or ""
        for name in ("interrupted", "generation_complete", "turn_complete"):
            if getattr(content, name):
                self.kinds.append(name)
        if content.interaction_status is not None:
            self.kinds.append(str(content.interaction_status.value))


async def messages(session: Any) -> AsyncIterator[types.LiveServerMessage]:
    while True:
        async for message in session.receive():
            yield message


async def receive(session: Any, until: str = "resumable", times: int = 1) -> Received:
    """Takes messages until the kind `until` has come so many times."""
    return await receive_while(session, lambda received: received.kinds.count(until) < times)


async def receive_while(session: Any, condition: Callable[[Received], bool]) -> Received:
    received = Received()
    async for message in messages(session):
        received.take(message)
        if not condition(received):
            return received
    raise AssertionError("the session ended")


async def ask(session: Any, text: str) -> Received:
    await session.send_realtime_input(text=text)
    return await receive(session)
