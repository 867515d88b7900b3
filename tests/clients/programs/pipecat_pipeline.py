"""Pipecat with default models: GeminiLive (voice, function, interruption), LLM, TTS."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from checks import Changes, check, live_sound, main
from loguru import logger
from pipecat.adapters.schemas.function_schema import FunctionSchema
from pipecat.adapters.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMRunFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.google.gemini_live.llm import GeminiLiveLLMService
from pipecat.services.google.gemini_live.stt import GeminiSTTService
from pipecat.services.google.llm import GoogleLLMService
from pipecat.services.google.tts import GeminiTTSService
from pipecat.workers.runner import WorkerRunner

KEY = os.environ["GOOGLE_API_KEY"]
MOVE = FunctionSchema(
    name="move",
    description="Moves the robot.",
    properties={
        "direction": {"type": "string", "enum": ["forward", "backward"]},
        "distance_m": {"type": "number"},
    },
    required=["direction", "distance_m"],
)
LONG = "Say this: " + "a long story " * 30


class Sink(FrameProcessor):
    """Remembers what came out."""

    def __init__(self) -> None:
        super().__init__()
        self.said = self.heard = ""
        self.audio = self.interruptions = 0
        self.changes = Changes()
        self.until = self.changes.until

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        match frame:
            case TranscriptionFrame():
                self.heard += frame.text
            case LLMTextFrame():
                self.said += frame.text
            case TTSAudioRawFrame():
                self.audio += len(frame.audio)
            case InterruptionFrame():
                self.interruptions += 1
        self.changes.tell()
        await self.push_frame(frame, direction)


class Ears(FrameProcessor):
    """Transcripts go up from a service that hears."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame) and direction is FrameDirection.UPSTREAM:
            self._sink.heard += frame.text
            self._sink.changes.tell()
        await self.push_frame(frame, direction)


class Line:
    """A pipeline around one service, while it is entered."""

    def __init__(self, service: Any, tools: bool = False, context: bool = True) -> None:
        self.sink = Sink()
        self.called: list[Any] = []
        stages = [Ears(self.sink), service, self.sink]
        if context:
            offered = ToolsSchema(standard_tools=[MOVE]) if tools else None
            self.context = LLMContext(tools=offered) if offered else LLMContext()
            user, assistant = LLMContextAggregatorPair(self.context)
            stages = [user, *stages, assistant]
        if tools:
            service.register_function("move", self._move)
        rates = PipelineParams(audio_in_sample_rate=16_000, audio_out_sample_rate=24_000)
        self.worker = PipelineWorker(Pipeline(stages), params=rates)

    async def _move(self, params: Any) -> None:
        self.called.append(dict(params.arguments))
        await params.result_callback({"result": "ok"})

    async def __aenter__(self) -> Line:
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self.worker)
        self._running = asyncio.create_task(runner.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.worker.cancel()
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    async def ask(self, words: str) -> None:
        self.context.add_message({"role": "user", "content": words})
        await self.worker.queue_frames([LLMRunFrame()])

    async def speak(self, name: str) -> None:
        async for block in live_sound(name):
            await self.worker.queue_frames([InputAudioRawFrame(block, 16_000, 1)])


async def move(service: Any) -> str:
    async with Line(service, tools=True) as line:
        await line.ask("Go forward ten meters")
        await line.sink.until(lambda: "Moving forward" in line.sink.said)
        assert line.called == [{"direction": "forward", "distance_m": 10}], line.called
        return line.sink.said


@check
async def live_question() -> Any:
    async with Line(GeminiLiveLLMService(api_key=KEY)) as line:
        await line.ask("Hello there")
        await line.sink.until(lambda: "Hello" in line.sink.said)
        await line.sink.until(lambda: line.sink.audio > 10_000)
        return line.sink.said


@check
async def live_speech() -> Any:
    async with Line(GeminiLiveLLMService(api_key=KEY)) as line:
        # Its sound goes out only once it was given a context, be it empty.
        await line.worker.queue_frames([LLMRunFrame()])
        speaking = asyncio.create_task(line.speak("cards-001.wav"))
        await line.sink.until(lambda: "clubs" in line.sink.said.lower())
        speaking.cancel()
        return line.sink.heard, line.sink.said


@check
async def live_function() -> Any:
    return await move(GeminiLiveLLMService(api_key=KEY))


@check
async def live_interruption() -> Any:
    async with Line(GeminiLiveLLMService(api_key=KEY)) as line:
        await line.ask(LONG)
        await line.sink.until(lambda: line.sink.audio > 10_000)
        speaking = asyncio.create_task(line.speak("cards-001.wav"))
        await line.sink.until(lambda: line.sink.interruptions)
        await line.sink.until(lambda: "clubs" in line.sink.said.lower())
        speaking.cancel()
        return line.sink.interruptions, line.sink.said[-40:]


@check
async def llm_question() -> Any:
    async with Line(GoogleLLMService(api_key=KEY)) as line:
        await line.ask("Hello there")
        await line.sink.until(lambda: "Hello there" in line.sink.said)
        return line.sink.said


@check
async def llm_function() -> Any:
    return await move(GoogleLLMService(api_key=KEY))


@check
async def llm_out_of_band() -> Any:
    context = LLMContext(messages=[{"role": "user", "content": "Hello there"}])
    service = GoogleLLMService(api_key=KEY)
    return await service.run_inference(LLMContextFrame(context=context).context)


@check
async def stt() -> Any:
    async with Line(GeminiSTTService(api_key=KEY), context=False) as line:
        speaking = asyncio.create_task(line.speak("cards-001.wav"))
        await line.sink.until(lambda: "clubs" in line.sink.heard.lower())
        speaking.cancel()
        return line.sink.heard


@check
async def tts() -> Any:
    async with Line(GeminiTTSService(api_key=KEY), context=False) as line:
        await line.worker.queue_frames([TTSSpeakFrame("Good morning.")])
        await line.sink.until(lambda: line.sink.audio > 20_000)
        return line.sink.audio


logger.remove()
logger.add(sys.stderr, level="WARNING")
main()
