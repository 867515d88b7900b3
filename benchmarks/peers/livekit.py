"""LiveKit Agents without its server: sound in and out of memory, turns found by Silero."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from typing import Any

from google.genai import types
from livekit import rtc
from livekit.agents import Agent, AgentSession, llm, utils
from livekit.agents.voice.io import AudioInput, AudioOutput, AudioOutputCapabilities
from livekit.plugins import google, silero

from benchmarks.peers.device import Device
from benchmarks.peers.program import run
from benchmarks.peers.task import MODEL, STAND_IN_KEY, Task

DEPTH_MS = 200
"""What its own output to a room queues: `queue_size_ms` of `_ParticipantAudioOutput`."""


class Microphone(AudioInput):
    """Takes sound from memory."""

    def __init__(self) -> None:
        super().__init__(label="memory")
        self._blocks = utils.aio.Chan[rtc.AudioFrame]()

    def hear(self, pcm: bytes) -> None:
        samples = len(pcm) // 2
        frame = rtc.AudioFrame(
            data=pcm, sample_rate=16_000, num_channels=1, samples_per_channel=samples
        )
        self._blocks.send_nowait(frame)

    async def __anext__(self) -> rtc.AudioFrame:
        return await self._blocks.__anext__()


class Speaker(AudioOutput):
    """Plays into memory, and waits as the output to a room does while its queue is full."""

    def __init__(self, device: Device) -> None:
        super().__init__(
            label="memory",
            sample_rate=24_000,
            capabilities=AudioOutputCapabilities(pause=False),
        )
        self._device = device
        self._pushed_s = 0.0
        self._ending: asyncio.TimerHandle | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self._pushed_s:
            self.on_playback_started(created_at=time.time())
        self._pushed_s += frame.duration
        self._device.play(frame.duration)
        await self._device.room()

    def flush(self) -> None:
        super().flush()
        if self._pushed_s:
            left_s = self._device.queued_ns / 1e9
            self._ending = asyncio.get_running_loop().call_later(left_s, self._finish, False)

    def clear_buffer(self) -> None:
        self._finish(True)

    def _finish(self, interrupted: bool) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if self._pushed_s:
            played_s = self._pushed_s - self._device.queued_ns / 1e9
            self._device.stop()
            self._pushed_s = 0.0
            self.on_playback_finished(playback_position=played_s, interrupted=interrupted)


class LiveKitLine:
    """One agent session."""

    vad: Any = None
    """Loaded once for all sessions of a process, as in its `prewarm`."""

    def __init__(self, task: Task, key: str, speaker: Speaker) -> None:
        model: llm.RealtimeModel = _model(task, key)
        if task.stand_in:
            models = [model, _model(task, STAND_IN_KEY)]
            model = llm.RealtimeModelFallbackAdapter(models)
        self._microphone = Microphone()
        if task.server_turns:
            self._session = AgentSession(llm=model)
        else:
            LiveKitLine.vad = LiveKitLine.vad or silero.VAD.load()
            self._session = AgentSession(llm=model, vad=LiveKitLine.vad, turn_detection="vad")
        self._session.input.audio = self._microphone
        self._session.output.audio = speaker

    async def open(self) -> None:
        """Start the session."""
        await self._session.start(Agent(instructions="Answer briefly."))

    def hear(self, pcm: bytes) -> None:
        """Take 20 ms."""
        self._microphone.hear(pcm)

    async def close(self) -> None:
        """End the session."""
        await self._session.aclose()


def _model(task: Task, key: str) -> llm.RealtimeModel:
    context = ssl.create_default_context(cafile=task.ca_file)
    detection = types.AutomaticActivityDetection(disabled=not task.server_turns)
    return google.realtime.RealtimeModel(
        model=MODEL,
        api_key=key,
        realtime_input_config=types.RealtimeInputConfig(automatic_activity_detection=detection),
        http_options=types.HttpOptions(
            base_url=task.base_url,
            api_version="v1beta",
            async_client_args={"verify": context, "ssl": context},
        ),
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    run(lambda task, key, device: LiveKitLine(task, key, Speaker(device)), DEPTH_MS)
