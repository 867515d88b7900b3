from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actors.lib.audio.prompt_resampler import PromptResampler

RATE = 8000


def test_equal_rates_pass_through_untouched() -> None:
    samples = np.arange(100, dtype=np.int16)
    assert PromptResampler(RATE, RATE).process(samples) is samples


def test_each_of_many_streams_starts_no_threads() -> None:
    """FFmpeg's graphs have two each on two processors, unless told: 40 calls would have 160."""
    block = np.ones(882, np.int16)
    PromptResampler(44_100, 16_000).process(block)
    before = len(list(Path("/proc/self/task").iterdir()))
    streams = [PromptResampler(44_100, 16_000) for _ in range(10)]
    assert all(len(each.process(block)) for each in streams)
    assert len(list(Path("/proc/self/task").iterdir())) == before


@pytest.mark.parametrize("blocks", [[], [0], [0, 40], [40], [160, 0, 160]])
def test_short_streams_end_whole(blocks: list[int]) -> None:
    resampler = PromptResampler(RATE, 16_000)
    heard = [resampler.process(np.full(each, 1000, np.int16)) for each in blocks]
    heard.append(resampler.process(np.zeros(0, np.int16), last=True))
    assert sum(map(len, heard)) == 2 * sum(blocks)


def test_a_stream_after_the_last_is_a_new_one() -> None:
    resampler = PromptResampler(RATE, 16_000)
    resampler.process(np.full(400, 20_000, np.int16), last=True)
    assert not resampler.process(np.zeros(400, np.int16), last=True).any()
    resampler.process(np.full(400, 20_000, np.int16))
    resampler.clear()
    assert not resampler.process(np.zeros(400, np.int16), last=True).any()


def test_the_loudest_sound_does_not_wrap_around() -> None:
    """A square wave overshoots when its band is cut: past the greatest sample is the least."""
    square = np.where(np.arange(RATE) % 40 < 20, 32_767, -32_768).astype(np.int16)
    heard = PromptResampler(RATE, 16_000).process(square, last=True)
    expected = np.where(np.arange(2 * RATE) % 80 < 40, 1, -1)
    away_from_edges = (np.arange(2 * RATE) % 40 > 4) & (np.arange(2 * RATE) % 40 < 36)
    assert (np.sign(heard) == expected)[away_from_edges].all()
