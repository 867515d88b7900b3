"""Speech synthesis, in a worker thread, a sentence at a time."""

import asyncio
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from typing import Any, Literal, Protocol

import numpy as np

VOICE_RATE_HZ = 24_000
# The tone lasts as long as a person would take for the text.
TONE_MS_PER_LETTER = 60
TONE_HZ = 220.0
TONE_AMPLITUDE = 8000
# Sentences kept ready: notices and confirmations come again and again.
CACHED_SENTENCES = 64

_model_lock = threading.Lock()


class Voice(Protocol):
    """Speaks. `speak` gives PCM16 mono at VOICE_RATE_HZ."""

    async def start(self) -> None:
        """Loads what is needed."""

    async def speak(self, sentence: str) -> bytes:
        """The sentence as audio."""

    async def stop(self) -> None:
        """Frees the worker."""


class ToneVoice:
    """A tone as long as the sentence: cheap, and easy to recognise in a test."""

    async def start(self) -> None:
        pass

    async def speak(self, sentence: str) -> bytes:
        return tone(len(sentence))

    async def stop(self) -> None:
        pass


class HibariVoice:
    """The American English voice that comes with hibari-tts."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="simulator-voice")

    async def start(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._worker, _synthesize, "Hi.", 0)

    async def speak(self, sentence: str) -> bytes:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, _synthesize, sentence, self._seed)

    async def stop(self) -> None:
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)


def make_voice(kind: Literal["hibari", "tone"], seed: int) -> Voice:
    """The voice of that name."""
    return HibariVoice(seed) if kind == "hibari" else ToneVoice()


def sentences(text: str) -> list[str]:
    """The text cut after sentence ends, so that the first sound leaves early."""
    return [part for part in re.split(r"(?<=[.!?:])\s+", text.strip()) if part]


@lru_cache(maxsize=CACHED_SENTENCES)
def tone(letters: int) -> bytes:
    """A sine as long as so many letters are to speak."""
    samples = np.arange(letters * TONE_MS_PER_LETTER * VOICE_RATE_HZ // 1000)
    wave = np.sin(samples * (2 * np.pi * TONE_HZ / VOICE_RATE_HZ)) * TONE_AMPLITUDE
    return bytes(wave.astype("<i2").tobytes())


@cache
def _load_model() -> Any:
    from hibari import Hibari

    return Hibari()


@lru_cache(maxsize=CACHED_SENTENCES)
def _synthesize(sentence: str, seed: int) -> bytes:
    with _model_lock:
        samples = _load_model()(sentence, seed=seed)
    return bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
