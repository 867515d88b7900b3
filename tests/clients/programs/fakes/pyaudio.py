"""PyAudio without a sound card: the microphone is a recording in real time, then silence for ever.

Every whole second that was played is told on standard output.
"""

from __future__ import annotations

import os
import time
import wave
from pathlib import Path
from typing import Any

paInt16 = 8  # noqa: N816 - PyAudio's own spelling
BYTES_PER_SAMPLE = 2
RECORDING = os.environ.get("FAKE_MICROPHONE", "cards-001.wav")
# A person sits down and begins to speak once the program says that it listens.
SILENCE_BEFORE_S = 1.0


class PyAudio:
    """Has one device of each kind."""

    def get_default_input_device_info(self) -> dict[str, Any]:
        return {"index": 0}

    def open(self, *, rate: int, input: bool = False, **_: Any) -> FakeStream:  # noqa: A002
        return FakeStream(rate, _sound(rate) if input else b"")

    def terminate(self) -> None:
        pass


class FakeStream:
    """Either direction, in real time."""

    def __init__(self, rate: int, sound: bytes) -> None:
        self._bytes_per_s = rate * BYTES_PER_SAMPLE
        self._sound = sound
        self._at = 0
        self._begun = time.monotonic()
        self._told_s = 0

    def read(self, frames: int, **_: Any) -> bytes:
        size = frames * BYTES_PER_SAMPLE
        piece = self._sound[self._at : self._at + size]
        self._wait(size)
        return piece.ljust(size, b"\0")

    def write(self, pcm: bytes) -> None:
        if not self._at:
            self._begun = time.monotonic()
        self._wait(len(pcm))
        while self._at // self._bytes_per_s > self._told_s:
            self._told_s += 1
            print(f"\n[played {self._told_s} s]", flush=True)

    def stop_stream(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _wait(self, size: int) -> None:
        self._at += size
        time.sleep(max(0.0, self._begun + self._at / self._bytes_per_s - time.monotonic()))


def _sound(rate: int) -> bytes:
    with wave.open(str(Path(os.environ["SPEECH_FOLDER"]) / RECORDING)) as file:
        assert file.getframerate() == rate
        silence = bytes(round(SILENCE_BEFORE_S * rate) * BYTES_PER_SAMPLE)
        return silence + file.readframes(file.getnframes())
