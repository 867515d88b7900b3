"""Plays answers on a sound device."""

from __future__ import annotations

import time
from typing import Literal

import numpy as np
from pydantic import Field

from actors.lib.audio.device_stream import DeviceStream, Fill, open_output
from actors.lib.audio.devices import rescan
from actors.lib.audio.pcm import Samples
from actors.lib.audio.reopening_stream import ReopeningStream, StreamState
from actors.lib.audio.resample import Resampler
from actors.lib.when_missing import WHEN_MISSING, WhenMissing
from actors.outputs.output import SoundSource
from actors.outputs.player import Player
from actors.outputs.player_options import PlayerOptions
from actors.outputs.playout.playout_state import RATE_HZ
from actors.outputs.session_playback import SessionPlayback
from pipeline.frames import ActorState, SessionOpened
from pipeline.priority import Priority
from pipeline.surroundings import Surroundings


class SpeakerOptions(PlayerOptions):
    """Options of `speaker`."""

    device: int | str | None = Field(
        None, description="Number, name or part of the name; the system's default if left out."
    )
    block_ms: int = Field(
        10, ge=5, le=20, description="Asked for at a time; barge-in stops within one."
    )
    latency: Literal["low", "high"] | float = Field(
        "low", description="What the device may hold: low, high, or seconds."
    )
    when_missing: WhenMissing = Field(WhenMissing.END, description=WHEN_MISSING)


class Speaker(Player[SpeakerOptions]):
    """Plays the config's own session on a PortAudio device at 24 kHz, or at the device's own rate.

    A device that vanishes holds the answer where it was; it goes on when the device is back.
    """

    options_type = SpeakerOptions
    # A block that comes late is heard as a gap.
    priority = Priority.REALTIME

    def __init__(self, options: SpeakerOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._stream = ReopeningStream(self._open, self._on_lost, self._on_back)
        self._output = DeviceOutput(self._stream)

    def make_output(self, opened: SessionOpened) -> DeviceOutput | None:
        """Return the device for the config's own session; nobody else is in the room."""
        return self._output if opened.session == self.session else None

    def open_stream(self, fill: Fill) -> DeviceStream:
        """Open and start the device; called in a thread."""
        return open_output(
            self.options.device, RATE_HZ, self.options.block_ms, self.options.latency, fill
        )

    async def start(self) -> None:
        """Open the device, or wait for it.

        Raises:
            DeviceError: it cannot be opened, nobody said to wait for it, and no earlier process of
                this actor had it open.
        """
        await super().start()
        ends = self.options.when_missing is WhenMissing.END
        if await self._stream.open(required=ends and not self._had_device):
            self.checkpoint["had_device"] = True

    async def run(self) -> None:
        """Keep the device open."""
        await self._stream.keep()

    async def stop(self) -> None:
        """Let go of the device."""
        await self._stream.close()
        await super().stop()

    def _open(self, look_anew: bool) -> DeviceStream:
        if look_anew:
            rescan()
        return self.open_stream(self._output.fill)

    @property
    def _had_device(self) -> bool:
        return bool(self.checkpoint.get("had_device"))

    def _on_lost(self, problem: str) -> None:
        lost, waiting = "speaker lost, trying to get it back", "waiting for a speaker"
        if self.state is not ActorState.DEGRADED:
            self.counters["device_lost"] += self._had_device
            self.log.warning(lost if self._had_device else waiting, problem=problem)
        what = "speaker" if self._had_device else waiting
        self.set_state(ActorState.DEGRADED, f"{what}: {problem}")
        self._output.break_off()

    def _on_back(self) -> None:
        self.log.info("speaker is back" if self._had_device else "speaker is there")
        self.checkpoint["had_device"] = True
        self.set_state(ActorState.READY)

    def _report(self, playback: SessionPlayback) -> None:
        self.counters["device_underflows"] = self._output.underflows
        super()._report(playback)


class DeviceOutput:
    """A sound device: it asks for its blocks in a thread of its own."""

    def __init__(self, stream: ReopeningStream) -> None:
        self.underflows = 0
        """Times the device ran dry."""
        self._stream = stream
        self._source: SoundSource | None = None
        self._adapter: RateAdapter | None = None

    @property
    def takes_samples(self) -> bool:
        """Whether the device asks for blocks now."""
        return self._stream.state is StreamState.OPEN

    def open(self, source: SoundSource) -> None:
        """Play a session from the next block on."""
        self._source = source

    def play_on(self) -> None:
        """The device asks by itself."""

    def break_off(self) -> None:
        """The device is gone."""
        if self._source is not None:
            self._source.break_off()

    def close(self) -> None:
        """Play silence."""
        self._source = None

    def fill(self, count: int, rate_hz: int, delay_s: float, underflow: bool) -> Samples:
        """Give the device its next block; called in its thread."""
        try:
            self._stream.called()
            self.underflows += underflow
            source = self._source
            if source is None or not self.takes_samples:
                return np.zeros(count, np.int16)
            adapter = self._adapter
            if adapter is None or not adapter.serves(source, rate_hz):
                self._adapter = adapter = RateAdapter(source, rate_hz)
            return adapter.fill(count, time.monotonic_ns() + int(delay_s * 1e9))
        except BaseException as error:
            self._stream.failed(error)
            raise


class RateAdapter:
    """Blocks at the device's rate from blocks at 24 kHz."""

    def __init__(self, source: SoundSource, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._source = source
        self._resampler = Resampler(RATE_HZ, rate_hz)
        self._ready: Samples = np.empty(0, np.int16)
        self._rendered = 0
        self._given = 0

    def serves(self, source: SoundSource, rate_hz: int) -> bool:
        """Return whether this one gives blocks of that source at that rate."""
        return self._source is source and self._rate_hz == rate_hz

    def fill(self, count: int, at_ns: int) -> Samples:
        """Return `count` samples, the first of which is heard at `at_ns`."""
        if self._rate_hz == RATE_HZ:
            return self._source.render(count, at_ns)
        block = max(1, count * RATE_HZ // self._rate_hz)
        while len(self._ready) < count:
            # What the resampler holds back is heard before what it is given now.
            ahead_ns = self._rendered * 10**9 // RATE_HZ - self._given * 10**9 // self._rate_hz
            samples = self._source.render(block, at_ns + ahead_ns)
            self._rendered += block
            self._ready = np.concatenate([self._ready, self._resampler.process(samples)])
        self._given += count
        samples, self._ready = self._ready[:count], self._ready[count:]
        return samples
