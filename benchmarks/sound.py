"""The recordings that are played, and where speech begins in them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
SPEECH = ROOT / "tests" / "speech"
RATE_HZ = 16_000
CHUNK_SAMPLES = RATE_HZ // 50
"""20 ms, what a microphone sends at a time."""
LEVEL_SAMPLES = RATE_HZ // 200
"""5 ms, one period of a deep voice: shorter windows would follow the wave and not its level."""
ONSET_BELOW_PEAK_DB = 22.0
"""Above the background of all recordings in tests/speech (25 dB below their loudest 5 ms or
less), and below their softest first consonant."""
PAUSE_BELOW_PEAK_DB = 26.0
SHORTEST_PHRASE = RATE_HZ * 12 // 10
"""1.2 s: two or three words."""

Samples = NDArray[np.int16]


def read_wav(path: Path) -> Samples:
    """Return the samples of a 16 kHz mono file."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(-1), np.int16)


def write_wav(path: Path, samples: Samples) -> Path:
    """Write 16 kHz mono samples."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def recordings() -> list[Samples]:
    """All of tests/speech."""
    return [read_wav(path) for path in sorted(SPEECH.glob("*.wav"))]


def speech(seconds: float) -> Samples:
    """The recordings one after the other, again and again, without pauses in between."""
    once = np.concatenate(recordings())
    return np.resize(once, int(seconds * RATE_HZ))


def onset(samples: Samples) -> int:
    """Return the first sample of the first 5 ms that are as loud as speech."""
    levels = _levels_db(samples)
    return int(np.argmax(levels >= levels.max() - ONSET_BELOW_PEAK_DB)) * LEVEL_SAMPLES


def voiced_end(samples: Samples) -> int:
    """Return the end of the last 5 ms that are as loud as speech."""
    return len(samples) - onset(samples[::-1])


def phrases() -> list[Samples]:
    """The recordings cut before words that follow a pause, so that many begin differently."""
    found: list[Samples] = []
    for whole in recordings():
        quiet = _levels_db(whole)
        starts = [0]
        for index in np.flatnonzero(quiet < quiet.max() - PAUSE_BELOW_PEAK_DB):
            at = int(index) * LEVEL_SAMPLES
            if at - starts[-1] >= SHORTEST_PHRASE and len(whole) - at >= SHORTEST_PHRASE:
                starts.append(at)
        ends = [*starts[1:], len(whole)]
        found += [whole[start:end] for start, end in zip(starts, ends, strict=True)]
    return found


def _levels_db(samples: Samples) -> NDArray[np.float64]:
    windows = samples[: len(samples) // LEVEL_SAMPLES * LEVEL_SAMPLES].astype(np.float64)
    power = (windows.reshape(-1, LEVEL_SAMPLES) ** 2).mean(axis=1)
    return np.asarray(10 * np.log10(power + 1e-9))
