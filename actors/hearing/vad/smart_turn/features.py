"""The log-mel spectrogram that Smart Turn takes: Whisper's, of the last 8 s."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actors.hearing.vad.layers import Floats
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples

SOUND_SAMPLES = 8 * SPEECH_RATE_HZ
"""What the network hears. Fixed by the network, as all lengths here are."""
WINDOW_SAMPLES = 400
HOP_SAMPLES = 160
FRAMES = SOUND_SAMPLES // HOP_SAMPLES
MELS = 80
RANGE_BELS = 8.0
"""What is quieter than the loudest by more is raised to that."""
SILENCE = 1e-10
"""Floor of a power before its logarithm, as in Whisper's own features."""
LINEAR_TO_HZ = 1000.0
"""The Slaney scale of pitch: linear up to here, 15 mels, and then 27 steps for a factor of 6.4."""
LINEAR_TO_MEL = 15.0
LOG_STEP = 27.0 / np.log(6.4)


def _mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    above = np.exp((mels - LINEAR_TO_MEL) / LOG_STEP)
    return np.where(mels < LINEAR_TO_MEL, mels * (LINEAR_TO_HZ / LINEAR_TO_MEL), 1000.0 * above)


def _filters() -> Floats:
    """Return the weight of each bin of the spectrum in each mel band, shape (201, 80)."""
    highest = LINEAR_TO_MEL + LOG_STEP * np.log(SPEECH_RATE_HZ / 2 / LINEAR_TO_HZ)
    edges = _mel_to_hz(np.linspace(0.0, highest, MELS + 2))
    bins = np.linspace(0.0, SPEECH_RATE_HZ / 2, WINDOW_SAMPLES // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    area = 2.0 / (edges[2:] - edges[:-2])
    return (triangles * area).astype(np.float32)


class LogMel:
    """Makes spectrograms; its tables are made once."""

    def __init__(self) -> None:
        self._filters = _filters()
        self._window = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)

    def spectrogram(self, sound: Samples) -> Floats:
        """Return the spectrogram of the last 8 s, shape (800, 80); before the sound is silence."""
        sound = sound[-SOUND_SAMPLES:]
        level = np.zeros(SOUND_SAMPLES, np.float32)
        level[SOUND_SAMPLES - len(sound) :] = sound
        level /= np.float32(32_768)
        level -= level.mean()
        level /= np.sqrt(level.var() + np.float32(1e-7))
        level = np.pad(level, WINDOW_SAMPLES // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(level, WINDOW_SAMPLES)
        spectrum = np.fft.rfft(frames[::HOP_SAMPLES][:FRAMES] * self._window)
        power = spectrum.real**2 + spectrum.imag**2
        bels = np.log10(np.maximum(power @ self._filters, np.float32(SILENCE)))
        result: Floats = (np.maximum(bels, bels.max() - RANGE_BELS) + 4) / 4
        return result.astype(np.float32)
