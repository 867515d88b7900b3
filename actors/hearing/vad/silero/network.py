"""The network of Silero VAD 6 for 16 kHz, evaluated with numpy.

Its 0.3 million weights and a dozen matrix products do not need a runtime for networks: this takes
60 us a window instead of the 110 us of onnxruntime and gives the same to within 1e-6, which the
tests check, and it spares 30 MiB of memory.

A window of 512 samples, with 64 before it, goes through a short-time Fourier transform (4 frames
of 129 magnitudes), four convolutions of width 3 over these frames (the last leaves one frame of
128 features), an LSTM cell with 128 units, and a logistic output.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from actors.hearing.vad.layers import Floats, padded_triples

WEIGHTS = Path(__file__).with_name("silero_vad_16k.f32")
"""Floats, little-endian, in the order of `SHAPES`."""
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
SHAPES = (
    (FRAME_SAMPLES, 2 * BINS),
    *((3 * BINS, UNITS), (UNITS,)),
    *((3 * UNITS, UNITS // 2), (UNITS // 2,)),
    *((UNITS, UNITS // 2), (UNITS // 2,)),
    *((UNITS // 2, UNITS), (UNITS,)),
    *((2 * UNITS, 4 * UNITS), (4 * UNITS,)),
    *((UNITS,), (1,)),
)
"""Of the weights, as the products want them: the transform; four convolutions, (taps times in,
out), each with its bias; the cell and its bias, gates in the order inward, forget, outward, new,
of which the first three are halved for `_open`; the output and its bias. Of the third convolution,
whose two frames are at an edge each, the first tap meets nothing but padding, of the fourth the
outer two: they are left out."""

HALF = np.float32(0.5)


class Network:
    """The weights, as the products want them; it serves any number of streams of one thread."""

    def __init__(self) -> None:
        """Load the weights: 1.2 MB."""
        self._stft, *layers, self._lstm, self._lstm_bias, output, output_bias = _weights()
        self._kernels, self._biases = layers[::2], layers[1::2]
        self._output: Floats = output
        self._output_bias = float(output_bias[0])
        self._desk = Desk()

    def step(self, sound: Floats, state: Floats) -> float:
        """Return the probability of speech in a window, and move the state on.

        Args:
            sound: Shape (640,), -1 to 1: 64 samples of context, the window, and room for padding.
            state: Shape (2, 128), the LSTM's output and cell; changed in place.
        """
        desk = self._desk
        # Functions of numpy that are not ufuncs go through Python first; these do not.
        desk.sound[:] = sound
        desk.padding[:] = desk.mirrored
        np.matmul(desk.frames, self._stft, out=desk.spectrum)
        np.multiply(desk.spectrum, desk.spectrum, out=desk.spectrum)
        np.add(desk.real, desk.imaginary, out=desk.magnitudes)
        np.sqrt(desk.magnitudes, out=desk.magnitudes)
        self._layer_into(0, desk.triples, desk.first)
        self._layer_into(1, desk.first_triples, desk.second)
        self._layer_into(2, desk.second_row, desk.third)
        self._layer_into(3, desk.third, desk.features)
        output, cell = state
        desk.output[:] = output
        gates = np.matmul(desk.joined, self._lstm, out=desk.gates)
        np.add(gates, self._lstm_bias, out=gates)
        _open(gates, desk.logistic)
        np.multiply(desk.forget, cell, out=cell)
        np.multiply(desk.inward, desk.new, out=desk.new)
        np.add(cell, desk.new, out=cell)
        np.tanh(cell, out=desk.new)
        np.multiply(desk.outward, desk.new, out=output)
        np.maximum(output, 0, out=desk.new)
        logit = float(desk.new.dot(self._output)) + self._output_bias
        return 1 / (1 + math.exp(-logit))

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
        first = self._layer(0, padded_triples(magnitudes.reshape(count, FRAMES, BINS), stride=1))
        first = np.maximum(first, 0, out=first).reshape(count, FRAMES, UNITS)
        second = self._layer(1, padded_triples(first, stride=2))
        third = self._layer(2, np.maximum(second, 0, out=second).reshape(count, -1))
        features = self._layer(3, np.maximum(third, 0, out=third))
        np.maximum(features, 0, out=features)
        gates = np.concatenate([features, states[:, 0]], axis=1) @ self._lstm + self._lstm_bias
        _open(gates, gates[:, : 3 * UNITS])
        inward, forget, outward, new = np.split(gates, 4, axis=1)
        states[:, 1] = forget * states[:, 1] + inward * new
        states[:, 0] = outward * np.tanh(states[:, 1])
        logits = np.maximum(states[:, 0], 0) @ self._output + self._output_bias
        return _logistic(logits)

    def _layer_into(self, layer: int, frames: Floats, result: Floats) -> None:
        np.matmul(frames, self._kernels[layer], out=result)
        np.add(result, self._biases[layer], out=result)
        np.maximum(result, 0, out=result)

    def _layer(self, layer: int, frames: Floats) -> Floats:
        result: Floats = frames @ self._kernels[layer] + self._biases[layer]
        return result


class Desk:
    """Where one window is worked on, and its parts.

    Made once: with cold caches, as every 32 ms, each array that numpy makes and each call takes
    5 us, and all the arithmetic of a window 60.
    """

    def __init__(self) -> None:
        def room(*shape: int) -> Floats:
            return np.zeros(shape, np.float32)

        self.sound = room(INPUT_SAMPLES + PADDING_SAMPLES)
        self.padding = self.sound[INPUT_SAMPLES:]
        self.mirrored = self.sound[INPUT_SAMPLES - 2 : INPUT_SAMPLES - 2 - PADDING_SAMPLES : -1]
        step = self.sound.itemsize
        self.frames = _view(self.sound, (FRAMES, FRAME_SAMPLES), (HOP_SAMPLES * step, step))
        self.spectrum = room(FRAMES, 2 * BINS)
        self.real, self.imaginary = self.spectrum[:, :BINS], self.spectrum[:, BINS:]
        # Between two frames of zeros, the first layer's padding.
        padded = room(FRAMES + 2, BINS)
        self.magnitudes = padded[1:-1]
        self.triples = _triples(padded, stride=1)
        padded = room(FRAMES + 2, UNITS)
        self.first = padded[1:-1]
        self.first_triples = _triples(padded, stride=2)
        self.second = room(FRAMES // 2, UNITS // 2)
        self.second_row = self.second.reshape(-1)
        self.third = room(UNITS // 2)
        self.joined = room(2 * UNITS)
        self.features, self.output = self.joined[:UNITS], self.joined[UNITS:]
        self.gates = room(4 * UNITS)
        self.logistic = self.gates[: 3 * UNITS]
        self.inward, self.forget, self.outward, self.new = np.split(self.gates, 4)


def _weights() -> list[Floats]:
    """Read the weights, without another copy of any: 2 MiB less, and 10 ms."""
    flat = np.fromfile(WEIGHTS, "<f4")
    ends = np.cumsum([math.prod(shape) for shape in SHAPES])
    pieces = np.split(flat, ends[:-1])
    return [piece.reshape(shape) for piece, shape in zip(pieces, SHAPES, strict=True)]


def _open(gates: Floats, logistic: Floats) -> None:
    """Apply tanh to all gates, which makes the logistic function of twice the value of some."""
    np.tanh(gates, out=gates)
    np.multiply(logistic, HALF, out=logistic)
    np.add(logistic, HALF, out=logistic)


def _triples(frames: Floats, stride: int) -> Floats:
    """Return each three neighbours of (n, channels) as one row, `stride` rows further each time."""
    count, channels = frames.shape
    row, column = frames.strides
    shape = ((count - 3) // stride + 1, 3 * channels)
    return _view(frames, shape, (stride * row, column))


def _view(array: Floats, shape: tuple[int, int], strides: tuple[int, int]) -> Floats:
    """Return what `numpy.lib.stride_tricks.as_strided` does, in a tenth of the time."""
    return np.ndarray(shape, np.float32, array, 0, strides)


def _logistic(values: Floats) -> Floats:
    result: Floats = np.reciprocal(1 + np.exp(-values))
    return result
