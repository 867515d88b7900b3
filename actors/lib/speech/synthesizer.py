"""Speech synthesis on the device, in a worker thread, a sentence at a time."""

from __future__ import annotations

import threading
from functools import cache, lru_cache
from typing import Any

import numpy as np

from actors.lib.worker import WorkerThread

VOICE_RATE_HZ = 24_000
CACHED_SENTENCES = 64
"""Kept ready: notices and confirmations come again and again. About 6 MB."""

_model_lock = threading.Lock()


class HibariSynthesizer(WorkerThread):
    """The American English voice that comes with hibari-tts, one a process."""

    def __init__(self, seed: int = 0) -> None:
        """The same seed gives the same samples for the same sentence."""
        super().__init__("synthesizer")
        self._seed = seed

    async def start(self) -> None:
        """Load the model; the first sentence is slow, so one is spoken to nobody."""
        await self.run(synthesize, "Hi.", 0)

    async def speak(self, sentence: str) -> bytes:
        """Return the sentence as PCM16 mono at VOICE_RATE_HZ."""
        return await self.run(synthesize, sentence, self._seed)


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
