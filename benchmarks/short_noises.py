"""Short noises of people and rooms that mean nothing, for benchmarks: 16 kHz, as loud as speech.

They are made, not recorded: bursts of noise and pulses through the formants of a throat, after the
three phases of a cough (a burst, a breath, a voice), and what fingers, doors and lines do.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from benchmarks.sound import SPEECH, read_wav

THROAT_HZ = (550.0, 1500.0, 2600.0)
"""Formants of an open throat, about those of the vowel of "up"."""
BAND_HZ = 180.0
"""Width of each."""
FILES = ("austen-0890.wav", "cards-001.wav", "goforward.wav")

Wave = NDArray[np.float64]
Make = Callable[[np.random.Generator], Wave]


def _count(ms: float) -> int:
    return round(ms / 1000 * SPEECH_RATE_HZ)


def _fall(ms: float, rise_ms: float = 4.0) -> Wave:
    """An envelope that rises at once, and has fallen to a tenth at its end."""
    at = np.arange(_count(ms))
    return np.minimum(at / _count(rise_ms), 1.0) * 10.0 ** (-at / len(at))


def _through(wave: Wave, hz: tuple[float, ...] = THROAT_HZ, width_hz: float = BAND_HZ) -> Wave:
    """Sound through resonances, in the spectrum."""
    bins = np.fft.rfftfreq(len(wave), 1 / SPEECH_RATE_HZ)
    gain = sum((1 / (1 + ((bins - each) / width_hz) ** 2) for each in hz), np.full(len(bins), 0.03))
    return np.fft.irfft(np.fft.rfft(wave) * gain, len(wave))


def _pulses(random: np.random.Generator, ms: float, hz: float) -> Wave:
    """What vocal folds do, not quite regularly."""
    wave, at = np.zeros(_count(ms)), 0.0
    while at < len(wave):
        wave[int(at)] = random.uniform(0.6, 1.0)
        at += SPEECH_RATE_HZ / hz * random.uniform(0.85, 1.15)
    return wave


def cough(random: np.random.Generator) -> Wave:
    """A burst, a breath, and a short voice."""
    burst = _through(random.standard_normal(_count(60))) * _fall(60)
    breath = 0.35 * _through(random.standard_normal(_count(random.uniform(60, 120))))
    voiced_ms = random.uniform(60, 110)
    voice = _through(_pulses(random, voiced_ms, random.uniform(140, 260))) * _fall(voiced_ms)
    voice *= 0.7 * np.abs(burst).max() / np.abs(voice).max()
    return np.concatenate([burst, breath, voice])


def two_coughs(random: np.random.Generator) -> Wave:
    """One after the other."""
    return np.concatenate(
        [cough(random), np.zeros(_count(random.uniform(180, 350))), cough(random)]
    )


def throat_cleared(random: np.random.Generator) -> Wave:
    """A rough voice of a third of a second."""
    ms = random.uniform(280, 360)
    rough = _pulses(random, ms, random.uniform(60, 90)) + 0.1 * random.standard_normal(_count(ms))
    return _through(rough) * np.hanning(_count(ms))


def sneeze(random: np.random.Generator) -> Wave:
    """Noise of high pitch."""
    return _through(random.standard_normal(_count(260)), (2600.0, 3300.0), 500.0) * _fall(260, 20)


def breath(random: np.random.Generator) -> Wave:
    """Into the mouthpiece, for two thirds of a second."""
    wave = _through(random.standard_normal(_count(650)), (400.0, 900.0), 400.0)
    return wave * np.hanning(len(wave))


def knock(random: np.random.Generator) -> Wave:
    """A cup that is put down, or a door."""
    return _through(random.standard_normal(_count(90)), (350.0,), 120.0) * _fall(90, 1)


def three_knocks(random: np.random.Generator) -> Wave:
    """At a door, or on a table."""
    pause = np.zeros(_count(120))
    return np.concatenate([knock(random), pause, knock(random), pause, knock(random)])


def click(random: np.random.Generator) -> Wave:
    """Of a line or a switch."""
    return random.standard_normal(_count(8)) * _fall(8, 0.2)


def syllable(random: np.random.Generator) -> Wave:
    """A quarter of a second of somebody's voice, such as "mh"."""
    voice = read_wav(SPEECH / str(random.choice(FILES))).astype(np.float64)
    loudness = np.convolve(np.abs(voice), np.ones(_count(250)), "valid")
    loudest = np.flatnonzero(loudness > 0.7 * loudness.max())
    begin = int(random.choice(loudest))
    edge = np.minimum(1.0, np.arange(_count(250)) / _count(10))
    return voice[begin : begin + _count(250)] * edge * edge[::-1]


NOISES: dict[str, Make] = {
    "cough": cough,
    "two coughs": two_coughs,
    "throat cleared": throat_cleared,
    "sneeze": sneeze,
    "breath": breath,
    "knock": knock,
    "three knocks": three_knocks,
    "click": click,
    "a syllable": syllable,
}


def short_noise(name: str, seed: int, rms: float) -> Samples:
    """Return a noise at 16 kHz.

    Args:
        name: Of `NOISES`.
        seed: Of all that differs from one to the next.
        rms: Of its loudest 50 ms; one that would be clipped is softer.
    """
    wave = NOISES[name](np.random.default_rng(seed))
    size = min(_count(50), len(wave))
    loudest = np.sqrt(np.convolve(wave**2, np.full(size, 1 / size), "valid").max())
    wave = wave * min(rms / loudest, 32_000 / np.abs(wave).max())
    samples: Samples = wave.round().astype(np.int16)
    return samples
