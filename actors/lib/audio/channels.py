"""One channel from several, by what they carry: a dead or an inverted one must not cost words."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from actors.lib.audio.pcm import Samples

HALF_LIFE_S = 5.0
"""The loudest moment of a channel counts half after so long: longer than the pauses of a
conversation, so that the choice stays what it was while somebody spoke."""
LIVE = 10 ** (-30 / 10)
"""A channel 30 dB below the loudest has nothing to add: the crosstalk of a cheap codec is at -40
to -60 dB, the far side of a stereo microphone at -20."""
FINDING_S = 5.0
"""What is so for so long is told."""
DEAD = 10 ** (-50 / 10)
"""Of an array of microphones the one that is taken may be far quieter than what its last channel
has of the loudspeaker."""
CANCELLED = 0.3
"""Of what is left of the power of independent channels when they are added, 1 / channels: below
this part of it they work against each other."""


class Mixing(StrEnum):
    """What is made of channels that all carry something."""

    MEAN = "mean"
    """Files and stereo microphones: FFmpeg's way."""
    FIRST = "first"
    """Arrays of microphones: the first is the processed one or a plain one; the last of some is
    what the loudspeaker plays."""


class ChannelMixer:
    """Makes one channel of blocks of several."""

    def __init__(self, channels: int, rate_hz: int, mixing: Mixing = Mixing.MEAN) -> None:
        self.channels = channels
        self.rate_hz = rate_hz
        self._mixing = mixing
        self._loudest = np.zeros(channels)
        self._mix_loudest = 0.0
        self._before = np.zeros(channels)
        self._weights = np.full(channels, 1.0 / channels)
        self._begun = False

    @property
    def used(self) -> tuple[int, ...]:
        """The channels that are taken now, from 1 on."""
        return tuple(int(each) + 1 for each in np.flatnonzero(self._weights))

    @property
    def finding(self) -> str:
        """What is odd about the channels, for people; empty if nothing is."""
        if self._mixing is Mixing.FIRST:
            first = self.used[0]
            return "" if first == 1 else f"its first channel is dead: channel {first} is taken"
        if len(self.used) == self.channels:
            return ""
        taken = " and ".join(map(str, self.used))
        why = "the others are dead, or the opposite of it"
        return f"of {self.channels} channels only {taken} is taken: {why}"

    def mix(self, block: NDArray[np.int16]) -> Samples:
        """Return one channel; `block` is samples x channels."""
        if self.channels == 1 or not len(block):
            only: Samples = block[:, 0]
            return only
        wide = block.astype(np.float64)
        before, self._weights = self._weights, self._choose(wide)
        if self._begun and not np.array_equal(before, self._weights):
            # From one choice to the next within the block: a step would click.
            ramp = np.linspace(0.0, 1.0, len(block))[:, np.newaxis]
            mixed = (wide * (before + (self._weights - before) * ramp)).sum(axis=1)
        else:
            mixed = wide @ self._weights
        self._begun = True
        one: Samples = np.clip(np.round(mixed), -32_768, 32_767).astype(np.int16)
        return one

    def _choose(self, wide: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much each channel goes into the mix."""
        # Differences: a constant is nothing in them and the hum of a loose cable 34 dB less.
        steps = np.diff(wide, axis=0, prepend=self._before[np.newaxis] if self._begun else wide[:1])
        self._before = wide[-1]
        fading = 0.5 ** (len(wide) / self.rate_hz / HALF_LIFE_S)
        self._loudest = np.maximum(self._loudest * fading, (steps**2).mean(axis=0))
        most = float(self._loudest.max())
        if most <= 0.0:
            return self._weights
        if self._mixing is Mixing.FIRST:
            return self._only(int(np.argmax(self._loudest >= most * DEAD)))
        live = self._loudest >= most * LIVE
        weights: NDArray[np.float64] = live / live.sum()
        together = float(((steps @ weights) ** 2).mean())
        self._mix_loudest = max(self._mix_loudest * fading, together)
        if self._mix_loudest < most * CANCELLED / float(live.sum()):
            return self._only(int(np.argmax(self._loudest)))
        return weights

    def _only(self, channel: int) -> NDArray[np.float64]:
        weights = np.zeros(self.channels)
        weights[channel] = 1.0
        return weights


class ChannelChoice:
    """The channel of a device that the user named, or what its channels carry."""

    def __init__(self, channel: int | None) -> None:
        self._channel = channel
        self._mixer: ChannelMixer | None = None
        self._finding = ""
        self._finding_samples = 0

    @property
    def finding(self) -> str:
        """What is odd about the channels, for people; empty if nothing is."""
        mixer = self._mixer
        told = mixer is None or self._finding_samples >= FINDING_S * mixer.rate_hz
        return self._finding if told else ""

    def mix(self, heard: NDArray[np.int16], rate_hz: int) -> Samples:
        """Return one channel; `heard` is samples x channels, or samples alone."""
        blocks = heard if heard.ndim > 1 else heard[:, np.newaxis]
        channels = blocks.shape[1]
        if self._channel is not None:
            named: Samples = np.ascontiguousarray(blocks[:, min(self._channel, channels) - 1])
            if self._channel > channels:
                self._finding = f"there is no channel {self._channel}: {channels} is taken"
            return named
        mixer = self._mixer
        if mixer is None or (mixer.channels, mixer.rate_hz) != (channels, rate_hz):
            mixing = Mixing.FIRST if channels > 2 else Mixing.MEAN
            self._mixer = mixer = ChannelMixer(channels, rate_hz, mixing)
            self._finding, self._finding_samples = "", 0
        mono = mixer.mix(blocks)
        before, self._finding = self._finding, mixer.finding
        same = before == self._finding
        self._finding_samples = self._finding_samples + len(mono) if same else 0
        return mono
