"""An actor for tests: a microphone in a room, in which a person and the loudspeaker are heard."""

from __future__ import annotations

import asyncio
import time
import wave
from pathlib import Path
from typing import ClassVar

import numpy as np
import soxr
from pydantic import Field

from actors.lib.audio.pcm import to_pcm, to_samples
from pipeline.actor import Actor, Options
from pipeline.frames import Audio
from pipeline.ports import In, Out

RATE_HZ = 16_000
BLOCK = 320
BLOCK_NS = 20_000_000
DELAY_SAMPLES = RATE_HZ * 60 // 1000
"""From the loudspeaker to the microphone."""
LATE_NS = 150_000_000
"""After which a block is sent: by then word of what was played has come, on a busy machine too."""
KEPT_S = 120


class RoomOptions(Options):
    """What a person says, and when."""

    path: Path = Field(description="WAV file, 16 kHz mono.")
    start_s: float = Field(1.0, description="Seconds after the pipeline began to listen.")


class Room(Actor[RoomOptions]):
    """Publishes what is heard in it, at the pace of the clock."""

    options_type = RoomOptions
    inputs: ClassVar = {"far_end": In((Audio,))}
    outputs: ClassVar = {"audio": Out((Audio,), retain_s=15)}

    async def start(self) -> None:
        """Load what the person says."""
        with wave.open(str(self.options.path)) as file:
            self._person = to_samples(file.readframes(-1))
        self._echo = np.zeros(KEPT_S * RATE_HZ, np.int16)

    def on_far_end(self, frame: Audio) -> None:
        """Note what the loudspeaker plays, at the level of speech."""
        first = round(frame.position * RATE_HZ / frame.rate_hz) + DELAY_SAMPLES
        played = soxr.resample(to_samples(frame.pcm), frame.rate_hz, RATE_HZ)
        room = self._echo[first : first + len(played)]
        room[:] = played[: len(room)]

    async def run(self) -> None:
        """Send block after block."""
        began_ns = self.surroundings.started_ns
        position = (time.monotonic_ns() - began_ns) // BLOCK_NS * BLOCK
        says = position + round(self.options.start_s * RATE_HZ)
        said = np.zeros_like(self._echo)
        said[says : says + len(self._person)] = self._person
        while (end := position + BLOCK) <= len(said):
            captured_ns = began_ns + (position // BLOCK + 1) * BLOCK_NS
            await asyncio.sleep(max(0, captured_ns + LATE_NS - time.monotonic_ns()) / 1e9)
            pcm = to_pcm(said[position:end] + self._echo[position:end])
            self.publish("audio", Audio(position=position, pcm=pcm, origin_ns=captured_ns))
            position = end
