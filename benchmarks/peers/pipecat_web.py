"""Pipecat behind its own WebSocket transport for FastAPI, as its examples set it up."""

from __future__ import annotations

import sys

from fastapi import WebSocket
from loguru import logger
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMRunFrame,
    OutputAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.serializers.base_serializer import FrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

from benchmarks.peers.pipecat import RATES, aggregators, service
from benchmarks.peers.task import Task
from benchmarks.peers.web_server import STARTED, serve


class PlainSerializer(FrameSerializer):
    """Sound as it is, which costs less than any serializer that comes with Pipecat."""

    async def serialize(self, frame: Frame) -> str | bytes | None:
        if isinstance(frame, OutputAudioRawFrame):
            return bytes(frame.audio)
        if isinstance(frame, InterruptionFrame):
            return '{"type": "interrupted"}'
        return None

    async def deserialize(self, data: str | bytes) -> Frame | None:
        if isinstance(data, bytes):
            return InputAudioRawFrame(audio=data, sample_rate=16_000, num_channels=1)
        return None


async def converse(websocket: WebSocket, task: Task, key: str) -> None:
    """Serve a caller with a pipeline of its own."""
    params = FastAPIWebsocketParams(
        audio_in_enabled=True, audio_out_enabled=True, serializer=PlainSerializer()
    )
    transport = FastAPIWebsocketTransport(websocket, params)
    user, assistant = aggregators(task)
    stages = [transport.input(), user, service(task, key), transport.output(), assistant]
    worker = PipelineWorker(Pipeline(stages), params=RATES)

    async def begin(_: FastAPIWebsocketTransport, connected: WebSocket) -> None:
        await worker.queue_frames([LLMRunFrame()])
        await connected.send_text(STARTED)

    async def end(_: FastAPIWebsocketTransport, _gone: WebSocket) -> None:
        await worker.cancel()

    transport.add_event_handler("on_client_connected", begin)
    transport.add_event_handler("on_client_disconnected", end)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    serve(converse)
