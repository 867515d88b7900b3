"""Microphone: 20 ms blocks of the user's speech."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.lib.audio.channels import ChannelChoice
from actors.lib.audio.device_stream import DeviceStream, Take, open_input
from actors.lib.audio.devices import rescan
from actors.lib.audio.pcm import (
    BLOCK_SAMPLES,
    BLOCKS_HZ,
    SPEECH_RATE_HZ,
    Samples,
    level_dbfs,
    to_pcm,
)
from actors.lib.audio.rate_watch import RateWatch
from actors.lib.audio.reopening_stream import ReopeningStream, StreamState
from actors.lib.audio.resample import Resampler
from actors.lib.audio.signal_watch import SignalWatch
from actors.lib.audio.timeline import Timeline
from actors.lib.when_missing import WHEN_MISSING, WhenMissing
from pipeline.actor import Actor, Options
from pipeline.frames import ActorState, Audio
from pipeline.ports import Out
from pipeline.priority import Priority
from pipeline.surroundings import Surroundings

DEVICE_BLOCK_MS = 20
"""One block of the device for one block sent: no block waits for a second one."""


class MicrophoneOptions(Options):
    """Options of `microphone`."""

    device: int | str | None = Field(
        None, description="Number, name or part of the name; the system's default if left out."
    )
    latency: Literal["low", "high"] | float = Field(
        "low", description="What the device may hold: low, high, or seconds."
    )
    channel: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Which channel is taken, the first is 1; if left out, those that carry sound, "
        "of more than two the first such.",
    )
    when_missing: WhenMissing = Field(WhenMissing.END, description=WHEN_MISSING)


class Microphone(Actor[MicrophoneOptions]):
    """Publishes 20 ms blocks at 16 kHz mono, resampled where the device cannot record so.

    Position 0 is the start of the pipeline. After a restart or an unplugging the stream goes on
    at the position the clock says, so the time that was lost is a gap in positions.
    """

    options_type = MicrophoneOptions
    # Retained for as long as a turn lasts that a restarted consumer must still hear.
    outputs: ClassVar = {"audio": Out((Audio,), retain_s=15, rate_hz=BLOCKS_HZ)}
    # It never ends, so a pipeline with a microphone does not end by itself.
    is_source = True
    # What a driver has recorded and nobody fetches in time is lost.
    priority = Priority.REALTIME

    def __init__(self, options: MicrophoneOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._stream = ReopeningStream(self._open, self._on_lost, self._on_back)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timeline = Timeline(surroundings.started_ns, SPEECH_RATE_HZ)
        self._forget_sound()

    def _forget_sound(self) -> None:
        """What comes next is of a device that was opened anew."""
        self._blocks = BlockCutter(SPEECH_RATE_HZ)
        self._newest: tuple[Samples, int] | None = None
        self._channels = ChannelChoice(self.options.channel)
        self._rate, self._watch, self._told = RateWatch(), SignalWatch(), ""
        self._unwatched = 0
        """Samples that came since the sound was looked at."""

    def open_stream(self, take: Take) -> DeviceStream:
        """Open and start the device; called in a thread."""
        return open_input(
            self.options.device, SPEECH_RATE_HZ, DEVICE_BLOCK_MS, self.options.latency, take
        )

    async def start(self) -> None:
        """Open the device, or wait for it.

        Raises:
            DeviceError: it cannot be opened, nobody said to wait for it, and no earlier process of
                this actor had it open.
        """
        self._loop = asyncio.get_running_loop()
        ends = self.options.when_missing is WhenMissing.END
        if await self._stream.open(required=ends and not self._had_device):
            self.checkpoint["had_device"] = True

    async def run(self) -> None:
        """Keep the device open."""
        await self._stream.keep()

    async def stop(self) -> None:
        """Let go of the device."""
        await self._stream.close()

    def measure(self) -> None:
        """Say how loud the newest block is, and how far the device's clock is off."""
        if self._newest is not None:
            block, last_ns = self._newest
            self.gauges["level_dbfs"] = level_dbfs(block)
            self.gauges["drift_ms"] = self._timeline.drift_ms(last_ns)
            self._watch.watch(block, self._unwatched)
            self._unwatched = 0
        if self._stream.state is StreamState.OPEN:
            self._say_what_is_wrong()

    def _open(self, look_anew: bool) -> DeviceStream:
        if look_anew:
            rescan()
        return self.open_stream(self._on_block)

    def _on_block(
        self, samples: NDArray[np.int16], rate_hz: int, age_s: float, overflow: bool
    ) -> None:
        """Hand a block to the loop; called in the device's thread."""
        try:
            self._stream.called()
            assert self._loop is not None
            first_ns = time.monotonic_ns() - int(age_s * 1e9)
            self._loop.call_soon_threadsafe(
                self._on_samples, samples, rate_hz, first_ns, bool(overflow)
            )
        except BaseException as error:
            self._stream.failed(error)
            raise

    def _on_samples(
        self, heard: NDArray[np.int16], rate_hz: int, first_ns: int, overflow: bool
    ) -> None:
        self.counters["overflows"] += overflow
        rate_hz = self._rate.judge(len(heard), rate_hz, time.monotonic_ns())
        if rate_hz != self._blocks.rate_hz:
            self._blocks = BlockCutter(rate_hz)
        is_mono = heard.ndim == 1 and self.options.channel is None
        samples = heard if is_mono else self._channels.mix(heard, rate_hz)
        for block, block_ns in self._blocks.push(samples, first_ns):
            last_ns = block_ns + len(block) * 10**9 // SPEECH_RATE_HZ
            position = self._timeline.advance(len(block), block_ns)
            self._newest = block, last_ns
            self._unwatched += len(block)
            self.publish(
                "audio",
                Audio(
                    session=self.session,
                    position=position,
                    rate_hz=SPEECH_RATE_HZ,
                    pcm=to_pcm(block),
                    origin_ns=last_ns,
                ),
            )

    def _say_what_is_wrong(self) -> None:
        """Tell the status and the log what can be told from the sound itself."""
        deaf = self._watch.problem.value
        problem = deaf or self._rate.problem or self._channels.finding
        if problem == self._told:
            return
        self._told = problem
        self.counters["went_deaf"] += bool(deaf)
        if problem:
            self.log.warning("microphone", problem=problem)
        else:
            self.log.info("the microphone hears again")
        state = ActorState.DEGRADED if deaf else ActorState.READY
        self.set_state(state, problem and f"microphone: {problem}")

    @property
    def _had_device(self) -> bool:
        return bool(self.checkpoint.get("had_device"))

    def _on_lost(self, problem: str) -> None:
        lost, waiting = "microphone lost, trying to get it back", "waiting for a microphone"
        if self.state is not ActorState.DEGRADED:
            self.counters["device_lost"] += self._had_device
            self.log.warning(lost if self._had_device else waiting, problem=problem)
        what = "microphone" if self._had_device else waiting
        self.set_state(ActorState.DEGRADED, f"{what}: {problem}")
        self._timeline.lose()
        self._forget_sound()

    def _on_back(self) -> None:
        self.log.info("microphone is back" if self._had_device else "microphone is there")
        self.checkpoint["had_device"] = True
        self.set_state(ActorState.READY)


class BlockCutter:
    """Blocks of `BLOCK_SAMPLES` at 16 kHz from whatever a device calls back with."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._resampler = Resampler(rate_hz, SPEECH_RATE_HZ)
        self._waiting: Samples = np.empty(0, np.int16)
        self._taken = 0
        self._given = 0

    def push(self, samples: Samples, first_ns: int) -> list[tuple[Samples, int]]:
        """Return the blocks that are full now, each with the capture time of its first sample."""
        # Captured before this call and not given yet: waiting here or held by the resampler.
        held_ns = self._taken * 10**9 // self.rate_hz - self._given * 10**9 // SPEECH_RATE_HZ
        self._taken += len(samples)
        joined = np.concatenate([self._waiting, self._resampler.process(samples)])
        whole = len(joined) // BLOCK_SAMPLES * BLOCK_SAMPLES
        self._waiting = joined[whole:]
        self._given += whole
        begin_ns = first_ns - held_ns
        return [
            (joined[at : at + BLOCK_SAMPLES], begin_ns + at * 10**9 // SPEECH_RATE_HZ)
            for at in range(0, whole, BLOCK_SAMPLES)
        ]
