from __future__ import annotations

import numpy as np
import pytest

from actors.gateway.phone.sound.comfort_noise import ComfortNoise
from actors.lib.audio.pcm import level_dbfs


@pytest.mark.parametrize("level", [-80.0, -65.0, -50.0])
def test_noise_has_its_level(level: float) -> None:
    assert level_dbfs(ComfortNoise(level).block(24_000)) == pytest.approx(level, abs=0.7)


def test_blocks_of_any_size_are_the_same_noise() -> None:
    whole = ComfortNoise(-65, seed=3).block(960)
    noise = ComfortNoise(-65, seed=3)
    pieces = [noise.block(size) for size in (1, 0, 7, 472, 480)]
    assert np.array_equal(np.concatenate(pieces), whole)
    assert not np.array_equal(ComfortNoise(-65, seed=4).block(960), whole)


def test_the_loudest_noise_does_not_wrap_around() -> None:
    noise = ComfortNoise(0.0).block(24_000).astype(int)
    assert np.abs(noise).max() >= 32_767
    assert np.abs(noise.mean()) < 1000
