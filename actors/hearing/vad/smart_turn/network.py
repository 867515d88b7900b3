"""The network of Smart Turn v3.2, evaluated with numpy: an encoder of Whisper's kind.

Its 8 million weights are 8-bit integers with a scale for each column, as they are in
`smart-turn-v3.2-cpu.onnx` of the package pipecat-ai 1.14.0. A matrix is made of floats when it is
used and let go of after. What goes through the network is not rounded to 8 bits, as it is by the
ONNX file, so verdicts differ from that.

A spectrogram of 800 frames goes through two convolutions of width 3, the second of which leaves 400
frames of 384 features; through four layers of attention with 6 heads; a weighted mean over the
frames; and three layers that end in a logistic output.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from actors.hearing.vad.layers import Floats, padded_triples
from actors.hearing.vad.smart_turn.features import FRAMES, LogMel
from actors.lib.audio.pcm import Samples

WEIGHTS = Path(__file__).with_name("smart_turn_v3_2.npz")
LAYERS = 4
"""Fixed by the network, as all sizes here are."""
HEADS = 6
FEATURES = 384
HEAD_FEATURES = FEATURES // HEADS
PLACES = FRAMES // 2
EPSILON = np.float32(1e-5)

_GELU = np.float32(np.sqrt(2 / np.pi))
_GELU_CUBE = np.float32(0.044715)


class SmartTurn:
    """The weights; it serves any number of streams, one at a time."""

    def __init__(self) -> None:
        """Load the weights: 8.6 MB."""
        with np.load(WEIGHTS) as weights:
            self._weights = dict(weights)
        self._log_mel = LogMel()

    def probability(self, sound: Samples) -> float:
        """Return how likely it is, 0 to 1, that who speaks has finished at the end of a sound.

        Args:
            sound: 16 kHz, from the begin of the turn, or its last 8 s, to some way into the pause.
        """
        frames = self._log_mel.spectrogram(sound)
        frames = _gelu(self._linear("conv1", padded_triples(frames[np.newaxis], stride=1)))
        frames = _gelu(self._linear("conv2", padded_triples(frames[np.newaxis], stride=2)))
        frames += self._weights["positions"]
        for layer in range(LAYERS):
            frames += self._attention(layer, self._norm(f"norm_attend{layer}", frames))
            wide = self._linear(f"widen{layer}", self._norm(f"norm_widen{layer}", frames))
            frames += self._linear(f"narrow{layer}", _gelu(wide))
        frames = self._norm("norm_last", frames)
        weight = self._linear("pool1", np.tanh(self._linear("pool0", frames)))
        pooled = (frames * _softmax(weight.T).T).sum(axis=0, keepdims=True)
        features = _gelu(self._norm("norm_classifier", self._linear("classifier0", pooled)))
        features = _gelu(self._linear("classifier1", features))
        logit = float(self._linear("classifier2", features)[0, 0])
        return float(1 / (1 + np.exp(-logit)))

    def _attention(self, layer: int, frames: Floats) -> Floats:
        all_heads = self._linear(f"attend{layer}", frames)
        shape = (PLACES, 3, HEADS, HEAD_FEATURES)
        query, key, value = all_heads.reshape(shape).transpose(1, 2, 0, 3)
        together = np.empty((PLACES, FEATURES), np.float32)
        for head in range(HEADS):
            columns = slice(head * HEAD_FEATURES, (head + 1) * HEAD_FEATURES)
            together[:, columns] = _softmax(query[head] @ key[head].T) @ value[head]
        return self._linear(f"project{layer}", together)

    def _linear(self, name: str, frames: Floats) -> Floats:
        result: Floats = frames @ self._weights[name].astype(np.float32)
        result *= self._weights[f"{name}_scale"]
        result += self._weights[f"{name}_bias"]
        return result

    def _norm(self, name: str, frames: Floats) -> Floats:
        gain, bias = self._weights[name]
        centred = frames - frames.mean(axis=1, keepdims=True)
        variance = np.square(centred).mean(axis=1, keepdims=True)
        result: Floats = centred / np.sqrt(variance + EPSILON) * gain + bias
        return result


def _gelu(values: Floats) -> Floats:
    """Apply GELU in place, by tanh, which numpy has, and not by erf, which it has not."""
    inner = values * values
    inner *= _GELU_CUBE
    inner += 1
    inner *= values
    inner *= _GELU
    np.tanh(inner, out=inner)
    inner += 1
    values *= inner
    values *= np.float32(0.5)
    return values


def _softmax(values: Floats) -> Floats:
    values = values - values.max(axis=-1, keepdims=True)
    np.exp(values, out=values)
    values /= values.sum(axis=-1, keepdims=True)
    return values
