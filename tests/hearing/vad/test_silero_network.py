"""The numpy evaluation of Silero against the model as its makers publish it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from actors.hearing.vad.silero.engine import SileroEngine
from actors.hearing.vad.silero.network import CONTEXT_SAMPLES, WINDOW_SAMPLES, Network
from actors.lib.audio.decode import decode

PUBLISHED = Path(__file__).with_name("silero_vad_16k_op15.onnx")
SPEECH = Path(__file__).parents[2] / "speech"


class Reference:
    """The published model on onnxruntime, as silero-vad runs it."""

    def __init__(self) -> None:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime

        self._session = onnxruntime.InferenceSession(
            str(PUBLISHED), providers=["CPUExecutionProvider"]
        )
        self._context = np.zeros((1, CONTEXT_SAMPLES), np.float32)
        self._state = np.zeros((2, 1, 128), np.float32)

    def probability(self, window: np.ndarray) -> float:
        sound = np.concatenate([self._context, window[None] / np.float32(32_768)], axis=1)
        output, self._state = self._session.run(
            None, {"input": sound, "state": self._state, "sr": np.array(16_000, np.int64)}
        )
        self._context = sound[:, -CONTEXT_SAMPLES:]
        return float(output[0, 0])


@pytest.mark.parametrize(
    "sound", [*sorted(SPEECH.glob("*.wav")), "noise", "loud noise"], ids=lambda p: Path(p).stem
)
def test_numpy_and_onnxruntime_agree_on_every_window(sound: Path | str) -> None:
    if isinstance(sound, Path):
        samples = np.concatenate(list(decode(sound)))
    else:
        scale = 32_767 if "loud" in sound else 300
        noise = np.random.default_rng(1).normal(0, scale, 5 * 16_000)
        samples = noise.clip(-32_768, 32_767).astype(np.int16)
    ours, theirs = SileroEngine(Network()), Reference()
    windows = samples[: len(samples) // WINDOW_SAMPLES * WINDOW_SAMPLES].reshape(-1, WINDOW_SAMPLES)
    difference = [abs(ours.probability(w) - theirs.probability(w)) for w in windows]
    assert max(difference) < 1e-4


@pytest.mark.parametrize("count", [2, 3, 8, 33])
def test_windows_judged_together_are_judged_as_each_alone(count: int) -> None:
    recordings = [np.concatenate(list(decode(path))) for path in sorted(SPEECH.glob("*.wav"))]
    whole = np.concatenate(recordings)
    network = Network()
    together = [SileroEngine(network) for _ in range(count)]
    alone = [SileroEngine(network) for _ in range(count)]
    difference: list[float] = []
    for number in range(40):
        # Each somewhere else, and one of them with nothing to say for a while.
        starts = [(stream * 7919 + number * WINDOW_SAMPLES) % 150_000 for stream in range(count)]
        windows = [whole[start : start + WINDOW_SAMPLES] for start in starts]
        asked = list(zip(together, windows, strict=True))[number % 2 :]
        judged = SileroEngine.together(asked)
        expected = [
            engine.probability(window)
            for engine, window in list(zip(alone, windows, strict=True))[number % 2 :]
        ]
        difference += [abs(a - b) for a, b in zip(judged, expected, strict=True)]
    assert max(difference) < 1e-5
    for one, other in zip(together, alone, strict=True):
        assert np.frombuffer(one.save(), np.float32) == pytest.approx(
            np.frombuffer(other.save(), np.float32), abs=1e-5
        )
