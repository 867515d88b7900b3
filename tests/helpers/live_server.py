"""A simulator in a thread of its own, and a stage for `Live` that talks to it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from actors.backends.gemini.live.actor import Live
from actors.backends.gemini.live.options import LiveOptions
from actors.simulator import SimulatorOptions, SimulatorServer
from actors.simulator import scenario as scenarios
from pipeline.frames import (
    Audio,
    BackendState,
    BackendStatus,
    EndReason,
    SpeechEnded,
    SpeechStarted,
)
from pipeline.surroundings import Surroundings
from pipeline.testing import ActorHarness

KEY = "AIza-this-key-is-only-for-tests-0123456789"
BLOCK = 320
# The smallest JPEG with a frame header that says 16 by 8 pixels.
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b080008001001011100ffd9")
PATIENCE_S = 20.0
"""Only a broken test waits as long."""


class SpeechToText:
    """Keeps the sound of every turn, and hears no words in it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    async def start(self) -> None:
        """Nothing to load."""

    async def hear(self, pcm: bytes, rate_hz: int) -> str:
        assert rate_hz == 16_000
        self.heard.append(pcm)
        return ""

    async def stop(self) -> None:
        """Nothing to free."""


class Simulator:
    """Started in `__init__`, gone after `stop`."""

    def __init__(self, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator")
        self._thread.start()
        self.server = SimulatorServer(SimulatorOptions(stt="none", tts="tone", **options))
        self.stt = SpeechToText()
        self.server._services.stt = self.stt
        self._call(self.server.start())
        self.journal = self.server.journal

    @property
    def address(self) -> dict[str, str]:
        return {"base_url": self.server.base_url, "ca_file": str(self.server.ca_file)}

    def wait_until_left(self) -> None:
        """Return when no connection is open any more."""

        async def left() -> None:
            async with asyncio.timeout(PATIENCE_S):
                for connection in list(self.server._acceptor.connections):
                    await connection.closed.wait()

        self._call(left())

    def stop(self) -> None:
        self._call(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


def rules_of(scenario: str) -> list[dict[str, Any]]:
    """The rules of a scenario that comes along with the simulator."""
    path = Path(scenarios.__file__).parent / "scenarios" / f"{scenario}.yaml"
    rules: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
    return rules


@contextmanager
def simulator(folder: Path, *rules: Mapping[str, Any], **options: Any) -> Iterator[Simulator]:
    """A simulator that follows `rules`; every answer comes in one burst."""
    scenario = folder / "scenario.yaml"
    burst = {"when": "setup", "do": ["burst"]}
    scenario.write_text(yaml.safe_dump({"rules": [burst, *rules]}), encoding="utf-8")
    running = Simulator(scenario=scenario, **options)
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def staged(
    folder: Path,
    connected: set[str] | None = None,
    *,
    checkpoint: Mapping[str, Any] | None = None,
    started_ns: int = 1,
    callers_only: bool = False,
    actor_class: type[Live] = Live,
    **options: Any,
) -> Iterator[ActorHarness[LiveOptions]]:
    """A `Live` whose folders outlive it, as those of a process do that was killed."""
    surroundings = Surroundings(
        name="live",
        runtime_dir=folder,
        config_dir=folder,
        state_dir=folder,
        started_ns=started_ns,
        callers_only=callers_only,
        connected=frozenset({"audio", "speech", "text"} if connected is None else connected),
        checkpoint=checkpoint or {},
    )
    loop = asyncio.new_event_loop()
    stage = ActorHarness(actor_class(LiveOptions.model_validate(options), surroundings), loop)
    try:
        stage.begin()
        yield stage
    finally:
        try:
            stage.finish()
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


def sound(start: int, end: int) -> bytes:
    """Sound in which every sample says where it is."""
    return (np.arange(start, end) % 30_000).astype("<i2").tobytes()


class Talker:
    """Speaks into the `audio` and `speech` ports, block by block."""

    def __init__(self, live: ActorHarness[LiveOptions], session: str = "local") -> None:
        self._live = live
        self._session = session
        self.position = 0
        if session not in live.actor.sessions:
            live.open(session)

    def blocks(self, upto: int) -> None:
        while self.position < upto:
            pcm = sound(self.position, self.position + BLOCK)
            frame = Audio(session=self._session, position=self.position, pcm=pcm)
            self._live.send("audio", frame)
            self.position += BLOCK

    def start(self, lead: int = 4800) -> str:
        """Speech began `lead` samples ago."""
        position = max(0, self.position - lead)
        turn = f"{self._session}:{position}"
        frame = SpeechStarted(
            session=self._session, turn=turn, position=position, at_ns=time.monotonic_ns()
        )
        self._live.send("speech", frame)
        return turn

    def end(self, turn: str) -> None:
        frame = SpeechEnded(
            session=self._session,
            turn=turn,
            start_position=int(turn.rpartition(":")[2]),
            position=self.position,
            at_ns=time.monotonic_ns(),
            reason=EndReason.SILENCE,
        )
        self._live.send("speech", frame)

    def say(self, samples: int = 16_000) -> str:
        """A whole turn."""
        self.blocks(self.position + 4800)
        turn = self.start()
        self.blocks(self.position + samples)
        self.end(turn)
        return turn


def stored_in(live: ActorHarness[LiveOptions], session: str, key: str) -> Any:
    """What the actor keeps of a session."""
    assert isinstance(live.actor, Live)
    assert live.actor._store is not None
    return live.actor._store.get(session, key)


def ready(live: ActorHarness[LiveOptions]) -> BackendStatus:
    """Wait until it can answer."""
    return live.expect("status", BackendStatus, lambda f: f.state is BackendState.READY)
