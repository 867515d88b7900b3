"""A simulator in a thread of its own, and a stage for `Http` that talks to it."""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
import time
import wave
from collections.abc import Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from actors.backends.gemini.http import Http, HttpOptions
from actors.simulator import SimulatorOptions, SimulatorServer
from actors.simulator.journal import RequestRecord
from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Audio,
    BackendState,
    BackendStatus,
    EndReason,
    Side,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    UserText,
)
from pipeline.testing import ActorHarness, stage

SPEECH = Path(__file__).parents[3] / "speech"
KEY = "AIza-this-key-is-only-for-tests-0123456789"
BLOCK = 320
STREAM = "streamGenerateContent"


class Simulator:
    """Started in `__init__`, gone after `stop`."""

    def __init__(self, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator")
        self._thread.start()
        cheap = {"stt": "none", "tts": "tone", "answer_speed": (20, 60), **options}
        self.server = SimulatorServer(SimulatorOptions.model_validate(cheap))
        self._call(self.server.start())
        self.journal = self.server.journal

    def write_address(self, file: Path, *keys: str) -> None:
        """Write what the simulator's actor writes, with keys to use."""
        address = {
            "base_url": self.server.base_url,
            "ca_file": str(self.server.ca_file),
            "api_key": ",".join(keys or [KEY]),
        }
        file.write_text(json.dumps(address), encoding="utf-8")

    def asked(self, model: str) -> list[RequestRecord]:
        return [r for r in self.journal.requests if r.method == STREAM and r.model == model]

    @property
    def answers(self) -> list[RequestRecord]:
        """Requests for words."""
        return self.asked("gemini-3.8-flash")

    @property
    def sentences(self) -> list[RequestRecord]:
        """Requests for speech."""
        return self.asked("gemini-3.8-flash-tts")

    def hear(self, pcm: bytes, rate_hz: int) -> str:
        return str(self._call(self.server._services.stt.hear(pcm, rate_hz)))

    def stop(self) -> None:
        self._call(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        assert not self.journal.faults, self.journal.faults

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def simulator(folder: Path, *rules: Mapping[str, Any], **options: Any) -> Iterator[Simulator]:
    """A simulator that follows `rules`."""
    if rules:
        scenario = folder / "scenario.yaml"
        scenario.write_text(yaml.safe_dump({"rules": list(rules)}), encoding="utf-8")
        options["scenario"] = scenario
    running = Simulator(**options)
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def staged(
    running: Simulator,
    connected: Collection[str] = ("audio", "speech", "text"),
    *,
    keys: Sequence[str] = (),
    **options: Any,
) -> Iterator[ActorHarness[HttpOptions]]:
    """An `Http` that owns every turn and talks to the simulator."""
    with tempfile.TemporaryDirectory(prefix="http-") as folder:
        file = Path(folder) / "simulator.json"
        running.write_address(file, *keys)
        with stage(Http, connected=connected, server_file=str(file), **options) as under_test:
            yield under_test


def ready(http: ActorHarness[HttpOptions]) -> None:
    """Wait until it has seen the service."""
    http.expect("status", BackendStatus, lambda frame: frame.state is BackendState.READY)


def recording(name: str) -> bytes:
    with wave.open(str(SPEECH / name)) as file:
        return file.readframes(file.getnframes())


def speak(http: ActorHarness[HttpOptions], pcm: bytes = bytes(32_000), start: int = 0) -> str:
    """Say a whole turn; return its name."""
    turn = f"local:{start}"
    http.send("speech", SpeechStarted(turn=turn, position=start, at_ns=time.monotonic_ns()))
    for at in range(0, len(pcm), BLOCK * 2):
        http.send("audio", Audio(position=start + at // 2, pcm=pcm[at : at + BLOCK * 2]))
    ended = SpeechEnded(
        turn=turn,
        start_position=start,
        position=start + len(pcm) // 2,
        at_ns=time.monotonic_ns(),
        reason=EndReason.SILENCE,
    )
    http.send("speech", ended)
    return turn


def write(http: ActorHarness[HttpOptions], text: str, number: int = 1) -> str:
    """Type a turn; return its name."""
    turn = f"local:t{number}"
    http.send("text", UserText(turn=turn, text=text))
    return turn


def end_of(http: ActorHarness[HttpOptions], turn: str) -> AnswerEnded:
    return http.expect("answer", AnswerEnded, lambda frame: frame.turn == turn)


def said(http: ActorHarness[HttpOptions], side: Side = Side.MODEL) -> str:
    """All words that were published and not yet looked at."""
    frames = [f for f in http.sent["transcript"] if isinstance(f, Transcript)]
    return "".join(frame.text for frame in frames if frame.side is side)


def sound(http: ActorHarness[HttpOptions]) -> bytes:
    """All sound that was published and not yet looked at, checked to be without a gap."""
    pcm = b""
    for frame in http.sent["audio"]:
        assert isinstance(frame, AnswerAudio)
        assert (frame.position, frame.rate_hz) == (len(pcm) // 2, 24_000)
        pcm += frame.pcm
    return pcm
