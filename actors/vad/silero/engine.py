"""The Silero voice detector on onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from actors.audio.pcm import SPEECH_RATE_HZ, Samples

MODEL = Path(__file__).with_name("silero_vad_16k_op15.onnx")
WINDOW_SAMPLES = 512
"""Fixed by the model, as are the two below."""
CONTEXT_SAMPLES = 64
STATE_SHAPE = (2, 1, 128)

_RATE = np.array(SPEECH_RATE_HZ, np.int64)
_TO_UNIT = np.float32(1 / 32_768)


def load_model() -> Any:
    """Load the model: about 20 ms and 17 MB, shared by all streams of the process."""
    from actors.vad.silero.runtime import onnxruntime

    options = onnxruntime.SessionOptions()
    # A window takes 0.1 ms: threads would cost more in waking than they save.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])


class SileroEngine:
    """One stream's state on a shared model."""

    window_samples = WINDOW_SAMPLES

    def __init__(self, model: Any) -> None:
        self._model = model
        self._input = np.zeros((1, CONTEXT_SAMPLES + WINDOW_SAMPLES), np.float32)
        self._state = np.zeros(STATE_SHAPE, np.float32)

    def reset(self) -> None:
        """Forget the stream so far."""
        self._input[:] = 0.0
        self._state = np.zeros(STATE_SHAPE, np.float32)

    def probability(self, window: Samples) -> float:
        """Return the probability that the next 512 samples are speech."""
        self._input[0, :CONTEXT_SAMPLES] = self._input[0, -CONTEXT_SAMPLES:]
        np.multiply(window, _TO_UNIT, out=self._input[0, CONTEXT_SAMPLES:])
        output, self._state = self._model.run(
            None, {"input": self._input, "state": self._state, "sr": _RATE}
        )
        return float(output[0, 0])

    def save(self) -> bytes:
        """Return state and context: 1,280 bytes."""
        return self._state.tobytes() + self._input[0, -CONTEXT_SAMPLES:].tobytes()

    def restore(self, saved: bytes) -> None:
        """Go on with what was saved."""
        if not saved:
            self.reset()
            return
        values = np.frombuffer(saved, np.float32)
        self._state = values[:-CONTEXT_SAMPLES].reshape(STATE_SHAPE)
        self._input[0, -CONTEXT_SAMPLES:] = values[-CONTEXT_SAMPLES:]
