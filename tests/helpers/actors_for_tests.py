"""Small actors that do nothing useful, and some that do it badly."""

from __future__ import annotations

import asyncio
import threading
import time
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.actor import Actor, Options
from pipeline.errors import ConfigError, DeviceError
from pipeline.frames import (
    AnswerAudio,
    Audio,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
    Outcome,
    SessionOpened,
    ToolResult,
    TurnClosed,
)
from pipeline.ports import In, Out

BLOCK = bytes(640)


class SourceOptions(Options):
    """Options of `Source`."""

    period_ms: float = Field(10, gt=0, description="Between two blocks.")
    blocks: int | None = Field(None, ge=0, description="End after so many.")


class Source(Actor[SourceOptions]):
    """Publishes blocks numbered by their position, on and on."""

    options_type = SourceOptions
    outputs = {"audio": Out((Audio,), retain_s=120)}
    is_source = True

    async def run(self) -> None:
        """Continue at the position the clock says, like a microphone."""
        period_ns = int(self.options.period_ms * 1e6)
        index = (time.monotonic_ns() - self.surroundings.started_ns) // period_ns
        last = None if self.options.blocks is None else index + self.options.blocks
        while index != last:
            self.publish("audio", Audio(position=index, pcm=BLOCK))
            self.counters["sent"] += 1
            index += 1
            due_ns = self.surroundings.started_ns + index * period_ns
            await asyncio.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)


class HaltingOptions(Options):
    """Options of `Halting`."""

    go_on: Path = Field(description="It goes on once this file is there.")


class Halting(Actor[HaltingOptions]):
    """Publishes 100 blocks a second, but halts after the tenth."""

    audio: Out[Audio] = Out(rate_hz=100)
    is_source = True

    async def run(self) -> None:
        """Halt once."""
        index = 0
        while True:
            if index != 10 or self.options.go_on.exists():
                self.audio.publish(Audio(position=index, pcm=BLOCK))
                index += 1
            await asyncio.sleep(0.01)


class Relay(Actor[Options]):
    """Hands on what it gets."""

    inputs = {"audio": In((Audio,), replay=True)}
    outputs = {"audio": Out((Audio,), retain_s=120)}

    def on_audio(self, frame: Audio) -> None:
        """Publish under the same position."""
        self.publish("audio", Audio(position=frame.position, pcm=frame.pcm))


class Callers(Actor[Options]):
    """Stands for somebody else's program that brings callers and answers their functions."""

    outputs = {"audio": Out((Audio,), retain_s=15), "results": Out((ToolResult,), retain_s=30)}
    is_source = True


class Bringer(Actor[Options]):
    """Opens a session in its first process, and forgets it."""

    async def run(self) -> None:
        """Open it."""
        once = self.surroundings.state_dir / "brought"
        if not once.exists():
            once.touch()
            self.publish("sessions", SessionOpened(session="orphan"))
        await super().run()


class SinkOptions(Options):
    """Options of `Sink`."""

    path: Path = Field(description="Positions are written here, one a line.")
    raise_once: bool = Field(False, description="Fail on the tenth frame, once in this folder.")


class Sink(Actor[SinkOptions]):
    """Writes down which positions it got."""

    options_type = SinkOptions
    inputs = {"audio": In((Audio,), replay=True)}

    async def start(self) -> None:
        """Open the file."""
        self._file = self.options.path.open("a", buffering=1)

    async def stop(self) -> None:
        """Close it."""
        self._file.close()

    def on_audio(self, frame: Audio) -> None:
        """Write, count, and perhaps fail."""
        self._file.write(f"{frame.position}\n")
        self.counters["heard"] += 1
        self.gauges["position"] = frame.position
        failed = self.options.path.with_suffix(".failed")
        if self.options.raise_once and self.counters["heard"] == 10 and not failed.exists():
            failed.touch()
            raise RuntimeError("the tenth frame is too much")


class Ailment(StrEnum):
    """What is wrong with a `Patient`."""

    NONE = "none"
    HANGS_IN_START = "hangs in start"
    WAITS_IN_START = "waits in start"
    WORKS_IN_START = "works in start"
    HANGS_IN_STOP = "hangs in stop"
    RAISES_IN_START = "raises in start"
    NO_DEVICE = "no device"
    NO_DEVICE_LATER = "no device later"
    EATS_MEMORY = "eats memory"


class PatientOptions(Options):
    """Options of `Patient`."""

    ailment: Ailment = Field(Ailment.NONE, description="What is wrong.")
    lives: int = Field(1000, description="So many of its processes have the ailment.")
    works_until: Path = Field(Path(), description="It works on its start until this is there.")
    diary: Path | None = Field(None, description="Starts and stops are written here.")
    ballast_bytes: int = Field(0, description="Size of the checkpoint.")


class Patient(Actor[PatientOptions]):
    """Takes part in nothing; counts its lives in its checkpoint."""

    options_type = PatientOptions
    inputs = {"audio": In((Audio,), required=False)}
    outputs = {"audio": Out((Audio,))}

    async def start(self) -> None:
        """Suffer from the ailment."""
        self.gauges["handed_back"] = len(self.checkpoint.get("ballast", b""))
        lives = self.checkpoint.get("lives", 0) + 1
        self.checkpoint["lives"] = lives
        self.checkpoint["ballast"] = b"\xff" * self.options.ballast_bytes
        self.gauges["lives"] = lives
        self._note("started")
        self._ill = lives <= self.options.lives
        if self._ill:
            self._suffer()
            if self.options.ailment is Ailment.WAITS_IN_START:
                await asyncio.Event().wait()

    def _suffer(self) -> None:
        match self.options.ailment:
            case Ailment.HANGS_IN_START:
                hang_here()
            case Ailment.WORKS_IN_START:
                work_here(self.options.works_until)
            case Ailment.RAISES_IN_START:
                raise RuntimeError("this start went wrong")
            case Ailment.NO_DEVICE:
                raise DeviceError("no such microphone 'x': plug it in")
            case Ailment.NO_DEVICE_LATER if self.gauges["lives"] > 1:
                raise DeviceError("microphone 'x' is gone: plug it in")
            case Ailment.EATS_MEMORY:
                self._fat = b"x" * 200_000_000

    async def stop(self) -> None:
        """Write that down, or hang."""
        self._note("stopped")
        if self.options.ailment is Ailment.HANGS_IN_STOP:
            hang_here()

    def on_audio(self, frame: Audio) -> None:
        """Count."""
        self.counters["heard"] += 1

    def _note(self, what: str) -> None:
        if self.options.diary is not None:
            with self.options.diary.open("a") as diary:
                diary.write(f"{self.name} {what}\n")


class Careless(Patient):
    """Preloads a module that cannot be imported, and does without it."""

    preload = ("broken_on_import",)


def hang_here() -> None:
    """Block the loop, as a driver or an import does."""
    time.sleep(3600)


def work_here(until: Path) -> None:
    """Block the loop and compute, as an import from a slow disk or the load of a model does."""
    while not until.exists():
        sum(range(10_000))


class Backend(Actor[Options]):
    """Answers nothing: its key is not valid."""

    inputs = {"audio": In((Audio,))}
    outputs = {
        "audio": Out((AnswerAudio,)),
        "status": Out((BackendStatus,), retain_last=True),
        "faults": Out((Fault,), retain_s=30),
    }

    async def run(self) -> None:
        """Say so, and that no retry will help."""
        self.publish(
            "faults",
            Fault(
                backend=self.name,
                fault=FaultClass.AUTH,
                reason="API key not valid",
                advice="set another key",
                retry=False,
            ),
        )
        self.publish(
            "status", BackendStatus(backend=self.name, state=BackendState.UNAVAILABLE, reason="key")
        )
        await asyncio.Event().wait()

    def on_audio(self, frame: Audio) -> None:
        """Listen."""


class Choosy(Actor[SourceOptions]):
    """Finds out before the start that it cannot work."""

    options_type = SourceOptions

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Refuse."""
        raise ConfigError(f"nothing in {config_dir} will do")


class Answering(Actor[Options]):
    """Answers two turns at once, and goes on with the second."""

    inputs = {"turns": In((TurnClosed,), replay=True)}
    outputs = {"audio": Out((AnswerAudio,), retain_s=60, retain_closed_s=0.1)}

    async def run(self) -> None:
        """Answer."""
        self._answer("local:0", 0)
        for piece in range(10_000):
            self._answer("local:320", piece)
            await asyncio.sleep(0.05)

    def _answer(self, turn: str, piece: int) -> None:
        frame = AnswerAudio(turn=turn, epoch=1, backend=self.name, position=piece * 320, pcm=BLOCK)
        self.publish("audio", frame)

    def on_turns(self, frame: TurnClosed) -> None:
        """Nothing: what was sent of the turn is dropped for it."""


class Closing(Actor[Options]):
    """Says of the first turn that it is closed, once it has been answered."""

    inputs = {"audio": In((AnswerAudio,), replay=True)}
    outputs = {"turns": Out((TurnClosed,), retain_s=60)}

    def on_audio(self, frame: AnswerAudio) -> None:
        """Close its turn."""
        if frame.turn == "local:0":
            self.publish("turns", TurnClosed(turn=frame.turn, outcome=Outcome.ANSWERED))


class Talker(Actor[Options]):
    """Prints what not every terminal can show, and ends."""

    is_source = True

    async def run(self) -> None:
        """Print it."""
        print("Grüß Gott →")  # noqa: T201


class LookingUp(Actor[Options]):
    """Has a thread that waits for good, as the look-up of a name may with a dead resolver."""

    async def start(self) -> None:
        """Begin to look up."""
        asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
        (self.surroundings.runtime_dir / "looking up").touch()
