"""The line of the telephone benchmarks does to sound what its name says, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from actors.lib.audio.pcm import level_dbfs
from benchmarks.telephone_line import CONVERTERS, LineFaults, carry

RATE = 16_000


def tone(hz: float, seconds: float = 2.0, rate: int = RATE) -> NDArray[np.int16]:
    wave = 8000 * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)
    return wave.round().astype(np.int16)


@pytest.mark.parametrize("converter", list(CONVERTERS))
@pytest.mark.parametrize(("hz", "gain_db"), [(100, -50), (1010, 0), (3000, 0), (5000, -50)])
def test_a_line_carries_its_band_in_its_time(converter: str, hz: int, gain_db: int) -> None:
    said = tone(hz)
    heard = CONVERTERS[converter].whole(carry(said, LineFaults()))
    assert len(heard) == len(said)
    middle = slice(RATE // 2, RATE * 3 // 2)
    gain = level_dbfs(heard[middle]) - level_dbfs(said[middle])
    if gain_db:
        assert gain < gain_db + 15
    else:
        assert gain == pytest.approx(0, abs=0.5)
        assert np.corrcoef(heard[middle], said[middle])[0, 1] > 0.99


def test_what_is_lost_is_silence_in_its_place() -> None:
    said = tone(1010, 10.0)
    heard = CONVERTERS["ours"].whole(carry(said, LineFaults(lost=0.05), seed=3))
    assert len(heard) == pytest.approx(len(said), abs=2)
    quiet = (np.abs(heard.reshape(-1, 320)).max(axis=1) < 8000 * 0.9).mean()
    assert 0.02 < quiet < 0.12
    assert np.corrcoef(heard, said)[0, 1] > 0.95


def test_an_echo_comes_back_late_and_faint() -> None:
    played = tone(1010, 1.0, 24_000)
    messages = carry(np.zeros(2 * RATE, np.int16), LineFaults(echo_db=-20), played)
    heard = CONVERTERS["ours"].whole(messages)
    (loud,) = np.nonzero(np.abs(heard) > 400)
    assert loud[0] == pytest.approx(0.15 * RATE, abs=0.005 * RATE)
    assert loud[-1] == pytest.approx(1.15 * RATE, abs=0.005 * RATE)
    assert level_dbfs(heard[RATE // 2 : RATE]) == pytest.approx(level_dbfs(played) - 20, abs=0.5)
