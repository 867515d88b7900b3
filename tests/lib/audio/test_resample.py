import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.lib.audio.pcm import Samples
from actors.lib.audio.resample import Resampler


def tone(hz: float, rate_hz: int, seconds: float = 1.0) -> Samples:
    time_s = np.arange(int(rate_hz * seconds)) / rate_hz
    return np.asarray(np.sin(time_s * 2 * np.pi * hz) * 10_000, np.int16)


def resampled(samples: Samples, resampler: Resampler, blocks: list[int]) -> Samples:
    pieces = []
    start = 0
    for length in blocks:
        pieces.append(resampler.process(samples[start : start + length]))
        start += length
    pieces.append(resampler.process(samples[start:], last=True))
    return np.concatenate(pieces)


def test_equal_rates_pass_through_untouched() -> None:
    samples = tone(440, 16_000)

    assert Resampler(16_000, 16_000).process(samples) is samples


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(48_000, 16_000), (44_100, 16_000), (24_000, 48_000), (24_000, 44_100)]
)
def test_a_tone_keeps_its_pitch_loudness_and_length(from_hz: int, to_hz: int) -> None:
    out = resampled(tone(1000, from_hz), Resampler(from_hz, to_hz), [from_hz // 50] * 50)

    assert len(out) == to_hz
    spectrum = np.abs(np.fft.rfft(out.astype(float)))
    assert int(spectrum.argmax()) == 1000
    assert out.std() == pytest.approx(10_000 / 2**0.5, rel=0.01)


def test_what_the_lower_rate_cannot_hold_is_filtered_out() -> None:
    out = resampled(tone(11_000, 48_000), Resampler(48_000, 16_000), [])

    assert np.abs(out[800:-800]).max() < 10


@settings(max_examples=20)
@given(st.lists(st.integers(1, 4000), max_size=12))
def test_blocks_leave_no_seams(blocks: list[int]) -> None:
    samples = tone(440, 48_000, 0.5)

    whole = resampled(samples, Resampler(48_000, 16_000), [])
    pieces = resampled(samples, Resampler(48_000, 16_000), blocks)

    assert len(pieces) == len(whole)
    # Rounding to 16 bits is dithered, so the last bits differ from run to run.
    assert np.abs(pieces.astype(int) - whole.astype(int)).max() <= 4


def test_a_new_stream_begins_after_the_last_block_and_after_clear() -> None:
    resampler = Resampler(48_000, 16_000)
    first = resampled(tone(440, 48_000), resampler, [])
    resampler.process(tone(900, 48_000))
    resampler.clear()

    assert len(resampled(tone(440, 48_000), resampler, [])) == len(first)
