"""Pipecat, as its example for Gemini Live with turns found by Silero on the machine sets it up."""

from __future__ import annotations

import asyncio
import ssl
import sys
from typing import Any

from google.genai import types
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    InputAudioRawFrame,
    LLMRunFrame,
    OutputAudioRawFrame,
    StartFrame,
)
from pipecat.pipeline.llm_switcher import LLMSwitcher
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.service_switcher import ServiceSwitcherStrategyFailover
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.services.google.gemini_live.llm import GeminiLiveLLMService, GeminiVADParams
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

from benchmarks.peers.device import Device
from benchmarks.peers.program import run
from benchmarks.peers.task import MODEL, STAND_IN_KEY, Task

RATES = PipelineParams(audio_in_sample_rate=16_000, audio_out_sample_rate=24_000)
DEPTH_MS = 20
"""What the device of Greenroom's sink takes at a time; Pipecat's own, PyAudio's, takes more."""


class Microphone(BaseInputTransport):
    """Takes sound from memory."""

    def __init__(self, params: TransportParams) -> None:
        super().__init__(params)
        self.started = asyncio.Event()

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)
        self.started.set()

    def hear(self, pcm: bytes) -> None:
        frame = InputAudioRawFrame(audio=pcm, sample_rate=16_000, num_channels=1)
        self._audio_in_queue.put_nowait(frame)


class Speaker(BaseOutputTransport):
    """Plays into memory."""

    def __init__(self, params: TransportParams, device: Device) -> None:
        super().__init__(params)
        self._device = device

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        self._device.play(len(frame.audio) / 2 / frame.sample_rate)
        await self._device.room()
        return True


class PipecatLine:
    """One pipeline."""

    def __init__(self, task: Task, key: str, device: Device) -> None:
        params = TransportParams(audio_in_enabled=True, audio_out_enabled=True)
        self._microphone = Microphone(params)
        llm: Any = service(task, key)
        if task.stand_in:
            llms = [llm, service(task, STAND_IN_KEY)]
            llm = LLMSwitcher(llms, ServiceSwitcherStrategyFailover)
        user, assistant = aggregators(task)
        stages = [self._microphone, user, llm, Speaker(params, device), assistant]
        self._worker = PipelineWorker(Pipeline(stages), params=RATES)
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the pipeline; its first frame lets the service listen."""
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self._worker)
        self._running = asyncio.create_task(runner.run())
        await self._microphone.started.wait()
        await self._worker.queue_frames([LLMRunFrame()])

    def hear(self, pcm: bytes) -> None:
        """Take 20 ms."""
        self._microphone.hear(pcm)


def aggregators(task: Task) -> tuple[Any, Any]:
    """Return the stages that keep the context, the first of which finds turns."""
    vad = None if task.server_turns else SileroVADAnalyzer()
    user, assistant = LLMContextAggregatorPair(
        LLMContext(),
        realtime_service_mode=True,
        user_params=LLMUserAggregatorParams(vad_analyzer=vad),
    )
    return user, assistant


def service(task: Task, key: str) -> GeminiLiveLLMService:
    """Return what holds a Live session."""
    context = ssl.create_default_context(cafile=task.ca_file)
    return GeminiLiveLLMService(
        api_key=key,
        settings=GeminiLiveLLMService.Settings(
            model=f"models/{MODEL}", vad=GeminiVADParams(disabled=not task.server_turns)
        ),
        inference_on_context_initialization=False,
        http_options=types.HttpOptions(
            base_url=task.base_url,
            api_version="v1beta",
            async_client_args={"verify": context, "ssl": context},
        ),
    )


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    run(PipecatLine, DEPTH_MS)
