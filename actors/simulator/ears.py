"""Speech recognition, in a worker thread."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

MODEL_RATE_HZ = 16_000
# The recogniser finds no words at the very edge of a recording; this much silence is put around.
PADDING_S = 0.2

_model_lock = threading.Lock()


class Ears(Protocol):
    """Understands speech. `hear` takes PCM16 mono of any rate."""

    async def start(self) -> None:
        """Loads what is needed."""

    async def hear(self, pcm: bytes, rate_hz: int) -> str:
        """The words in the audio, or an empty text."""

    async def stop(self) -> None:
        """Frees the worker."""


class NoEars:
    """Hears that there was sound and how long it was, but no words."""

    async def start(self) -> None:
        pass

    async def hear(self, pcm: bytes, rate_hz: int) -> str:
        return ""

    async def stop(self) -> None:
        pass


class MoonshineEars:
    """The English tiny model that comes with moonshine-voice."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="simulator-ears")

    async def start(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._worker, _model)

    async def hear(self, pcm: bytes, rate_hz: int) -> str:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, _transcribe, pcm, rate_hz)

    async def stop(self) -> None:
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)


def make_ears(kind: Literal["moonshine", "none"]) -> Ears:
    """The ears of that name."""
    return MoonshineEars() if kind == "moonshine" else NoEars()


def pcm16_to_float(pcm: bytes, rate_hz: int) -> npt.NDArray[np.float32]:
    """Samples between -1 and 1 at the model's rate."""
    samples: npt.NDArray[np.float32] = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(
        32768
    )
    if rate_hz != MODEL_RATE_HZ:
        import soxr

        samples = np.asarray(soxr.resample(samples, rate_hz, MODEL_RATE_HZ), np.float32)
    return samples


@cache
def _load_model() -> Any:
    from moonshine_voice import ModelArch, Transcriber, get_model_path

    return Transcriber(str(get_model_path("tiny-en")), ModelArch.TINY)


def _model() -> Any:
    with _model_lock:
        return _load_model()


def _transcribe(pcm: bytes, rate_hz: int) -> str:
    padding = np.zeros(int(PADDING_S * MODEL_RATE_HZ), np.float32)
    samples = np.concatenate([padding, pcm16_to_float(pcm, rate_hz), padding])
    model = _model()
    with _model_lock:
        transcript = model.transcribe_without_streaming(samples, MODEL_RATE_HZ)
    return " ".join(line.text.strip() for line in transcript.lines if line.text.strip())
