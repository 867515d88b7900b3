"""A person at this machine: its microphone, its speaker, and keys typed at the terminal."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from typing import Self

import numpy as np
from numpy.typing import NDArray

from actors.cli.calling.hearing import Hearing
from actors.cli.calling.line_form import BLOCK_S
from actors.cli.calling.scripted_caller import KEY_S, KEYS
from actors.inputs.console.lines import LineReader
from actors.lib.audio.channels import ChannelMixer
from actors.lib.audio.device_stream import DeviceStream, open_input, open_output
from actors.lib.audio.pcm import Samples
from actors.lib.audio.resample import Resampler

BLOCK_MS = round(BLOCK_S * 1000)
MOST_WAITING_S = 0.2
"""If one side was late; what is older is left out, as telephones do (`jbmaxsize` of Asterisk)."""
STDIN_FD = 0


class MicrophoneCaller:
    """Speaks what the microphone hears; from `async with` on, until it is left.

    Whoever has speakers beside the microphone interrupts answers with their echo: use headphones.

    Args:
        rate_hz: Of the line.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._block_samples = round(rate_hz * BLOCK_S)
        self._said = SampleBuffer(round(MOST_WAITING_S * rate_hz))
        self._heard = SampleBuffer(round(MOST_WAITING_S * rate_hz))
        self._keys: deque[str] = deque()
        self._next_key_s = 0.0
        self._has_left = False
        self._mixer: ChannelMixer | None = None
        self._in: Resampler | None = None
        self._out: Resampler | None = None
        self._played: Samples = np.zeros(0, np.int16)
        """At the rate of the speaker, of which it has not asked for all."""
        self._devices: list[DeviceStream] = []
        self._lines: LineReader | None = None

    async def __aenter__(self) -> Self:
        """Open the devices.

        Raises:
            DeviceError: there are none, or another program has them.
        """
        try:
            self._devices.append(open_output(None, self._rate_hz, BLOCK_MS, "low", self._fill))
            self._devices.append(open_input(None, self._rate_hz, BLOCK_MS, "low", self._take))
        except BaseException:
            self._close()
            raise
        self._lines = LineReader(os.dup(STDIN_FD), self._on_line, self._on_end)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._close()

    def listen(self, samples: Samples) -> None:
        """Play what is heard."""
        self._heard.add(samples)

    def speak(self, _now_s: float, _hearing: Hearing) -> Samples | None:
        """Return what was said in 20 ms; None: the microphone has not given as much yet."""
        return self._said.take(self._block_samples)

    def press(self, now_s: float) -> str | None:
        """Return a key that was typed."""
        if not self._keys or now_s < self._next_key_s:
            return None
        self._next_key_s = now_s + KEY_S
        return self._keys.popleft()

    def hangs_up(self, _now_s: float, _hearing: Hearing) -> bool:
        """Whether the person has left."""
        return self._has_left

    def _close(self) -> None:
        if self._lines is not None:
            self._lines.close()
        for device in self._devices:
            device.close()

    def _take(self, sound: NDArray[np.int16], rate_hz: int, _age_s: float, _lost: bool) -> None:
        """Called by the microphone, in a thread of its own."""
        channels = sound.reshape(len(sound), -1)
        if self._mixer is None or self._in is None:
            self._mixer = ChannelMixer(channels.shape[1], rate_hz)
            self._in = Resampler(rate_hz, self._rate_hz, steady=True)
        self._said.add(self._in.process(self._mixer.mix(channels)))

    def _fill(self, frames: int, rate_hz: int, _delay_s: float, _dry: bool) -> Samples:
        """Called by the speaker, in a thread of its own."""
        if self._out is None:
            self._out = Resampler(self._rate_hz, rate_hz, steady=True)
        if len(self._played) < frames:
            # Not before: what waits for long is left out only in `_heard`.
            heard = self._out.process(self._heard.take_all())
            self._played = np.concatenate([self._played, heard])
        block, self._played = self._played[:frames], self._played[frames:]
        return np.pad(block, (0, frames - len(block)))

    def _on_line(self, line: str) -> None:
        self._keys.extend(key for key in line.strip().upper() if key in KEYS)
        if self._lines is not None:
            self._lines.taken()

    def _on_end(self, _error: OSError | None) -> None:
        # Control-D; a program that gives no keys has not left.
        if sys.stdin.isatty():
            self._has_left = True


class SampleBuffer:
    """Samples on their way from one thread to another, the newest so many of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._samples: Samples = np.zeros(0, np.int16)
        self._lock = threading.Lock()

    def add(self, samples: Samples) -> None:
        """Put samples behind the others."""
        with self._lock:
            self._samples = np.concatenate([self._samples, samples])[-self._most :]

    def take(self, wanted: int) -> Samples | None:
        """Return the first so many; None: there are fewer."""
        with self._lock:
            if len(self._samples) < wanted:
                return None
            taken, self._samples = self._samples[:wanted], self._samples[wanted:]
            return taken

    def take_all(self) -> Samples:
        """Return all there are."""
        with self._lock:
            taken, self._samples = self._samples, self._samples[:0]
            return taken
