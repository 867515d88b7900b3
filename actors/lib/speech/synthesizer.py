"""Speech synthesis on the device, in a worker thread, a sentence at a time."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from typing import Any

import numpy as np

VOICE_RATE_HZ = 24_000
CACHED_SENTENCES = 64
"""Kept ready: notices and confirmations come again and again. About 6 MB."""

_model_lock = threading.Lock()


class HibariSynthesizer:
    """The American English voice that comes with hibari-tts, one a process."""

    def __init__(self, seed: int = 0) -> None:
        """The same seed gives the same samples for the same sentence."""
        self._seed = seed
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="synthesizer")

    async def start(self) -> None:
        """Load the model; the first sentence is slow, so one is spoken to nobody."""
        await asyncio.get_running_loop().run_in_executor(self._worker, synthesize, "Hi.", 0)

    async def speak(self, sentence: str) -> bytes:
        """Return the sentence as PCM16 mono at VOICE_RATE_HZ."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, synthesize, sentence, self._seed)

    async def stop(self) -> None:
        """End the worker; the model stays with the process."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)


@lru_cache(maxsize=CACHED_SENTENCES)
def synthesize(sentence: str, seed: int = 0) -> bytes:
    """Return the sentence as PCM16 mono at VOICE_RATE_HZ; blocks."""
    with _model_lock:
        samples = _load_model()(sentence, seed=seed)
    return bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


@cache
def _load_model() -> Any:
    from hibari import Hibari

    return Hibari()
