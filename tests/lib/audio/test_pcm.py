import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.lib.audio.pcm import (
    SILENCE_DBFS,
    level_dbfs,
    samples_to_ns,
    silence,
    to_pcm,
    to_samples,
)


@given(st.lists(st.integers(-32768, 32767)))
def test_samples_survive_the_way_over_the_wire(values: list[int]) -> None:
    samples = np.array(values, np.int16)

    assert to_samples(to_pcm(samples)).tolist() == values


def test_the_wire_is_little_endian() -> None:
    assert to_pcm(np.array([1, -2], np.int16)) == b"\x01\x00\xfe\xff"


def test_half_a_sample_is_an_error() -> None:
    with pytest.raises(ValueError, match="buffer size"):
        to_samples(b"\x01\x00\x02")


def test_level_of_a_full_scale_square_wave_is_zero() -> None:
    assert level_dbfs(np.full(100, -32768, np.int16)) == pytest.approx(0.0)


def test_level_of_a_tenth_of_full_scale_is_minus_20() -> None:
    assert level_dbfs(np.full(100, 3277, np.int16)) == pytest.approx(-20.0, abs=0.01)


def test_level_of_nothing_and_of_silence_is_the_floor() -> None:
    assert level_dbfs(np.zeros(0, np.int16)) == SILENCE_DBFS
    assert level_dbfs(to_samples(silence(10))) == SILENCE_DBFS


def test_a_sample_at_16_khz_takes_62500_ns() -> None:
    assert samples_to_ns(1) == 62_500
    assert samples_to_ns(24_000, 24_000) == 1_000_000_000
