"""A consumer on the bus that keeps what it heard."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import zmq

from pipeline.bus import Inlet, Subscriber
from pipeline.frames import Audio, Frame
from pipeline.ports import In


class RecordingConsumer:
    """A subscriber that keeps what it heard."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        address: str,
        inlets: dict[str, In],
        **kw: object,
    ) -> None:
        self.heard: list[Frame] = []
        self.on_frame: Callable[[Frame], None] = self.heard.append
        self.counters: Counter[str] = Counter()
        self.complaints: list[str] = []
        self.subscriber = Subscriber(
            context,
            address,
            {port: Inlet(port, spec) for port, spec in inlets.items()},
            lambda _port, frame: self.on_frame(frame),
            consumer="consumer",
            counters=self.counters,
            on_garbage=lambda _port, problem: self.complaints.append(problem),
            **kw,  # type: ignore[arg-type]
        )

    def positions(self) -> list[int]:
        """Which blocks of 20 ms were heard; what was retained comes in longer ones."""
        return [
            position // 320
            for frame in self.heard
            if isinstance(frame, Audio)
            for position in range(frame.position, frame.position + max(1, frame.samples), 320)
        ]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)
