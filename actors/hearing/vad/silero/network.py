"""The network of Silero VAD 6 for 16 kHz, evaluated with numpy.

Its 0.3 million weights and a dozen matrix products do not need a runtime for networks: this takes
60 us a window instead of the 110 us of onnxruntime and gives the same to within 1e-6, which the
tests check, and it spares 30 MiB of memory.

A window of 512 samples, with 64 before it, goes through a short-time Fourier transform (4 frames
of 129 magnitudes), four convolutions of width 3 over these frames (the last leaves one frame of
128 features), an LSTM cell with 128 units, and a logistic output.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).with_name("silero_vad_16k.npz")
WINDOW_SAMPLES = 512
"""Fixed by the network, as all lengths here are."""
CONTEXT_SAMPLES = 64
PADDING_SAMPLES = 64
INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES
FRAME_SAMPLES = 256
HOP_SAMPLES = 128
FRAMES = 4
BINS = 129
UNITS = 128

Floats: TypeAlias = NDArray[np.float32]


class Network:
    """The weights, as the products want them; it has no state and serves any number of streams."""

    def __init__(self) -> None:
        """Load the weights: 1.2 MB."""
        with np.load(WEIGHTS) as weights:
            self._stft: Floats = np.ascontiguousarray(weights["stft"][:, 0, :].T)
            kernels = [weights[f"encoder{layer}"] for layer in range(4)]
            self._biases: list[Floats] = [weights[f"encoder{layer}_bias"] for layer in range(4)]
            # The third layer has two frames, and its first tap only padding; the fourth has one
            # frame, between padding on both sides.
            self._kernels = [
                _product(kernels[0]),
                _product(kernels[1]),
                _product(kernels[2][:, :, 1:]),
                _product(kernels[3][:, :, 1:2]),
            ]
            both = np.concatenate([weights["lstm_input"], weights["lstm_hidden"]], axis=1)
            self._lstm: Floats = np.ascontiguousarray(both.T)
            self._lstm_bias: Floats = weights["lstm_input_bias"] + weights["lstm_hidden_bias"]
            self._output: Floats = np.ascontiguousarray(weights["output"][0, :, 0])
            self._output_bias: Floats = weights["output_bias"]

    def step(self, sound: Floats, state: Floats) -> float:
        """Return the probability of speech in a window, and move the state on.

        Args:
            sound: Shape (640,), -1 to 1: 64 samples of context, the window, and room for padding,
                which is filled in.
            state: Shape (2, 128), the LSTM's output and cell; changed in place.
        """
        sound[INPUT_SAMPLES:] = sound[INPUT_SAMPLES - 2 : INPUT_SAMPLES - 2 - PADDING_SAMPLES : -1]
        features = self._encode(self._magnitudes(sound))
        gates = np.concatenate([features, state[0]]) @ self._lstm + self._lstm_bias
        inward, forget = _logistic(gates[: 2 * UNITS]).reshape(2, UNITS)
        new = np.tanh(gates[2 * UNITS : 3 * UNITS])
        outward = _logistic(gates[3 * UNITS :])
        state[1] = forget * state[1] + inward * new
        state[0] = outward * np.tanh(state[1])
        logit = np.maximum(state[0], 0) @ self._output + self._output_bias
        return float(_logistic(logit)[0])

    def steps(self, sounds: Floats, states: Floats) -> Floats:
        """Do what `step` does for windows of several streams, in a third of the time for each.

        The weights, 1.2 MB, are read once for all. Sums are added up in another order, so that
        probabilities may differ by some millionths.

        Args:
            sounds: Shape (n, 640), each as in `step`.
            states: Shape (n, 2, 128); changed in place.

        Returns:
            Probabilities, shape (n,).
        """
        count = len(sounds)
        sounds[:, INPUT_SAMPLES:] = sounds[
            :, INPUT_SAMPLES - 2 : INPUT_SAMPLES - 2 - PADDING_SAMPLES : -1
        ]
        row, step = sounds.strides
        shape = (count, FRAMES, FRAME_SAMPLES)
        frames = np.ndarray(shape, np.float32, sounds, 0, (row, HOP_SAMPLES * step, step))
        spectrum = frames.reshape(-1, FRAME_SAMPLES) @ self._stft
        magnitudes = np.sqrt(spectrum[:, :BINS] ** 2 + spectrum[:, BINS:] ** 2)
        first = self._layer(0, _all_triples(magnitudes.reshape(count, FRAMES, BINS), stride=1))
        first = np.maximum(first, 0, out=first).reshape(count, FRAMES, UNITS)
        second = self._layer(1, _all_triples(first, stride=2))
        third = self._layer(2, np.maximum(second, 0, out=second).reshape(count, -1))
        features = self._layer(3, np.maximum(third, 0, out=third))
        np.maximum(features, 0, out=features)
        gates = np.concatenate([features, states[:, 0]], axis=1) @ self._lstm + self._lstm_bias
        inward, forget = _logistic(gates[:, :UNITS]), _logistic(gates[:, UNITS : 2 * UNITS])
        new = np.tanh(gates[:, 2 * UNITS : 3 * UNITS])
        outward = _logistic(gates[:, 3 * UNITS :])
        states[:, 1] = forget * states[:, 1] + inward * new
        states[:, 0] = outward * np.tanh(states[:, 1])
        logits = np.maximum(states[:, 0], 0) @ self._output + self._output_bias
        return _logistic(logits)

    def _magnitudes(self, sound: Floats) -> Floats:
        """Return shape (6, 129): four frames between two of zeros, the first layer's padding."""
        step = sound.itemsize
        frames = _view(sound, (FRAMES, FRAME_SAMPLES), (HOP_SAMPLES * step, step))
        spectrum = frames @ self._stft
        padded = np.zeros((FRAMES + 2, BINS), np.float32)
        np.sqrt(spectrum[:, :BINS] ** 2 + spectrum[:, BINS:] ** 2, out=padded[1:-1])
        return padded

    def _encode(self, padded: Floats) -> Floats:
        """Return shape (128,)."""
        first = np.zeros((FRAMES + 2, UNITS), np.float32)
        np.maximum(self._layer(0, _triples(padded, stride=1)), 0, out=first[1:-1])
        second = np.maximum(self._layer(1, _triples(first, stride=2)), 0)
        third = np.maximum(self._layer(2, second.reshape(-1)), 0)
        return np.maximum(self._layer(3, third), 0)

    def _layer(self, layer: int, frames: Floats) -> Floats:
        result: Floats = frames @ self._kernels[layer] + self._biases[layer]
        return result


def _product(kernel: Floats) -> Floats:
    """Turn (out, in, taps) into (taps * in, out)."""
    return np.ascontiguousarray(kernel.transpose(2, 1, 0).reshape(-1, kernel.shape[0]))


def _triples(frames: Floats, stride: int) -> Floats:
    """Return each three neighbours of (n, channels) as one row, `stride` rows further each time."""
    count, channels = frames.shape
    row, column = frames.strides
    shape = ((count - 3) // stride + 1, 3 * channels)
    return _view(frames, shape, (stride * row, column))


def _all_triples(frames: Floats, stride: int) -> Floats:
    """Pad (n, count, channels) with a frame of zeros on both sides; return the triples of all."""
    streams, count, channels = frames.shape
    padded = np.zeros((streams, count + 2, channels), np.float32)
    padded[:, 1:-1] = frames
    block, row, column = padded.strides
    triples = ((count - 1) // stride + 1, 3 * channels)
    shape = (streams, *triples)
    view = np.ndarray(shape, np.float32, padded, 0, (block, stride * row, column))
    return view.reshape(-1, 3 * channels)


def _view(array: Floats, shape: tuple[int, int], strides: tuple[int, int]) -> Floats:
    """Return what `numpy.lib.stride_tricks.as_strided` does, in a tenth of the time."""
    return np.ndarray(shape, np.float32, array, 0, strides)


def _logistic(values: Floats) -> Floats:
    result: Floats = np.reciprocal(1 + np.exp(-values))
    return result
