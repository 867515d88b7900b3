"""Plays answers into a WAV file, at the pace at which a person would hear them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from enum import StrEnum
from pathlib import Path

import numpy as np
from pydantic import Field

from actors.lib.audio.pcm import Samples
from actors.lib.audio.wav_file import WavFile
from actors.outputs.playout.player import Player, PlayerOptions
from actors.outputs.playout.playout import RATE_HZ
from pipeline.actor import Surroundings
from pipeline.frames import ActorState

BLOCK_SAMPLES = RATE_HZ // 50
"""20 ms, as a sound device with a sound server behind it asks for."""
BLOCK_NS = 20_000_000
LATEST_NS = 1_000_000_000
"""A clock that stood still for longer (a suspended machine) starts anew instead of catching up."""
IDLE_S = 0.2
"""Between two looks at the clock while there is nothing to play and nobody to hear it."""
PAUSE_SAMPLES = RATE_HZ * 300 // 1000
"""What `trim` leaves of a silence: as long as a pause between two sentences."""


class Silence(StrEnum):
    """What becomes of the time in which nothing is said."""

    KEEP = "keep"
    TRIM = "trim"


class WavSinkOptions(PlayerOptions):
    """Options of `wav_sink`."""

    path: Path = Field(
        Path("out/answers.wav"), description="Taken from the working directory; folders are made."
    )
    silence: Silence = Field(
        Silence.TRIM, description="keep: the file is as long as the run. trim: pauses of 0.3 s."
    )
    pace: float = Field(1.0, gt=0, le=100, description="1 is real time; 10 plays ten times faster.")


class WavSink(Player[WavSinkOptions]):
    """A speaker without a sound card: the same playback, heard by a file.

    A full disk does not stop the conversation: the actor is degraded, and what cannot be written
    is counted in `unwritten_samples`.
    """

    options_type = WavSinkOptions

    def __init__(self, options: WavSinkOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._file: WavFile | None = None
        self._pause = 0
        self._due_ns = 0
        self._stirred = asyncio.Event()

    async def start(self) -> None:
        """Open the file: anew, or where an earlier process of this pipeline was killed.

        Raises:
            DeviceError: it cannot be written.
        """
        await super().start()
        path = self.options.path.absolute()
        self._file = WavFile(path, RATE_HZ, append=self.checkpoint.get("file") == str(path))
        self.checkpoint["file"] = str(path)
        self._due_ns = time.monotonic_ns()

    async def run(self) -> None:
        """Ask for a block whenever one would be due on a sound device."""
        self._due_ns = max(self._due_ns, time.monotonic_ns())
        may_rest = "far_end" in self.surroundings.unheard
        while True:
            self._stirred.clear()
            self._render_due()
            if not (may_rest and self.is_idle):
                await asyncio.sleep((self._due_ns - time.monotonic_ns()) / 1e9)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await self._stirred.wait()

    def play_on(self) -> None:
        """Ask for the blocks that are due, and go on at full pace."""
        self._render_due()
        self._stirred.set()

    async def stop(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _render_due(self) -> None:
        now_ns = time.monotonic_ns()
        if now_ns - self._due_ns > LATEST_NS:
            self.counters["clock_slips"] += 1
            self._due_ns = now_ns
            self.lose_device()
        while self._due_ns <= now_ns:
            self._write(self.render(BLOCK_SAMPLES, self._due_ns))
            self._due_ns += int(BLOCK_NS / self.options.pace)

    def _write(self, block: Samples) -> None:
        if self.last_block_sounded:
            self._store(np.concatenate([np.zeros(self._pause, np.int16), block]))
            self._pause = 0
        elif self.options.silence is Silence.KEEP:
            self._store(block)
        else:
            self._pause = min(self._pause + len(block), PAUSE_SAMPLES)

    def _store(self, samples: Samples) -> None:
        assert self._file is not None
        try:
            self._file.write(samples)
        except OSError as error:
            self.counters["unwritten_samples"] += len(samples)
            if self.state is not ActorState.DEGRADED:
                self.log.warning("cannot write", path=str(self._file.path), problem=str(error))
            self.set_state(ActorState.DEGRADED, f"cannot write {self._file.path}: {error}")
        else:
            if self.state is ActorState.DEGRADED:
                self.set_state(ActorState.READY)
