"""A backend for tests: says what it is told to say, when it is told to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actors.backends.turnwise.backend import TurnBasedBackend
from actors.backends.turnwise.request import AnswerRequest, Part, Sound, Words
from pipeline.actor import Options
from pipeline.frames import (
    AnswerEnded,
    Audio,
    BackendState,
    EndReason,
    Route,
    SpeechEnded,
    SpeechStarted,
)
from pipeline.surroundings import Surroundings
from pipeline.testing import ActorHarness

BLOCK = 320
SECOND = b"\x01\x00" * 24_000


class Parrot(TurnBasedBackend[Options]):
    """Each answer gives what is in `lines` and, unless `held`, ends."""

    def __init__(self, options: Options, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self.requests: list[AnswerRequest] = []
        self.lines: list[Part] = [Words("Hello."), Sound(SECOND, 24_000)]
        self.fails: Exception | None = None
        self.go = asyncio.Event()
        self.go.set()
        self.gone: list[str] = []

    async def serve(self) -> None:
        self.say_status(BackendState.READY)
        await super().serve()

    async def answer(self, request: AnswerRequest) -> AsyncGenerator[Part, None]:
        self.requests.append(request)
        try:
            for line in self.lines:
                yield line
            await self.go.wait()
            if self.fails is not None:
                raise self.fails
        finally:
            self.gone.append(request.turn)


@contextmanager
def staged(
    folder: Path,
    connected: set[str] | None = None,
    *,
    started_ns: int = 1,
    checkpoint: Mapping[str, Any] | None = None,
) -> Iterator[ActorHarness[Options]]:
    """A parrot whose folders outlive it, as those of a process do that was killed."""
    surroundings = Surroundings(
        name="parrot",
        runtime_dir=folder,
        config_dir=folder,
        state_dir=folder,
        started_ns=started_ns,
        connected=frozenset(Parrot.inputs if connected is None else connected),
        checkpoint=checkpoint or {},
    )
    loop = asyncio.new_event_loop()
    stage = ActorHarness(Parrot(Options(), surroundings), loop)
    try:
        stage.begin()
        yield stage
    finally:
        try:
            stage.finish()
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


def parrot(stage: ActorHarness[Options]) -> Parrot:
    assert isinstance(stage.actor, Parrot)
    return stage.actor


def block(position: int) -> Audio:
    """Sound in which every sample says where it is."""
    pcm = b"".join((n % 30_000).to_bytes(2, "little") for n in range(position, position + BLOCK))
    return Audio(session="local", position=position, pcm=pcm)


def samples(start: int, end: int) -> bytes:
    return b"".join((n % 30_000).to_bytes(2, "little") for n in range(start, end))


def started(position: int, session: str = "local") -> SpeechStarted:
    return SpeechStarted(
        session=session,
        turn=f"{session}:{position}",
        position=position,
        at_ns=time.monotonic_ns(),
    )


def ended(start: int, end: int, session: str = "local") -> SpeechEnded:
    return SpeechEnded(
        session=session,
        turn=f"{session}:{start}",
        start_position=start,
        position=end,
        at_ns=time.monotonic_ns(),
        reason=EndReason.SILENCE,
    )


def say(stage: ActorHarness[Options], start: int, end: int) -> str:
    """A whole turn; returns its name."""
    stage.send("audio", *[block(at) for at in range(start, end, BLOCK)])
    stage.send("speech", started(start), ended(start, end))
    return f"local:{start}"


def route(stage: ActorHarness[Options], owner: str, epoch: int) -> None:
    stage.send("route", Route(owner=owner, epoch=epoch, reason="for the test"))


def end_of(stage: ActorHarness[Options], turn: str) -> AnswerEnded:
    return stage.expect("answer", AnswerEnded, lambda frame: frame.turn == turn)
