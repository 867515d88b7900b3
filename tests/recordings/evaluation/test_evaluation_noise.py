"""What the microphone of a cell hears."""

from __future__ import annotations

import numpy as np
import pytest
from evaluated import SPEECH

from actors.lib.audio.pcm import Samples
from actors.recordings.evaluation.noise import active_power, with_noise
from actors.recordings.evaluation.recordings import find_recordings

LEAD = 16_000


def speech() -> Samples:
    return find_recordings([SPEECH / "austen-0870.wav"])[0].samples()


def power(samples: np.ndarray) -> float:
    return float(np.mean(samples.astype(np.float64) ** 2))


def test_the_recording_lies_as_it_is_between_a_second_of_quiet_and_the_tail() -> None:
    recording = speech()
    sound = with_noise(recording, tail_s=1.5)
    assert len(sound) == LEAD + len(recording) + 24_000
    assert np.array_equal(sound[LEAD : LEAD + len(recording)], recording)
    assert not sound[:LEAD].any()
    assert not sound[LEAD + len(recording) :].any()


@pytest.mark.parametrize("snr_db", [20.0, 10.0, 0.0, -5.0])
def test_noise_is_softer_than_the_speech_by_the_ratio_asked_for(snr_db: float) -> None:
    recording = speech()
    noisy = with_noise(recording, 2.0, snr_db)
    clean = np.pad(recording.astype(np.float64), (LEAD, 32_000))
    # What was made softer not to clip is undone: both parts have the same factor.
    factor = float(np.dot(noisy, clean) / np.dot(clean, clean))
    noise = noisy - factor * clean
    measured_db = 10 * np.log10(factor**2 * active_power(recording) / power(noise))
    assert measured_db == pytest.approx(snr_db, abs=0.5)
    assert power(noise[:LEAD]) == pytest.approx(power(noise), rel=0.3)
    assert np.abs(noisy.astype(int)).max() < 32_768


def test_every_variant_hears_the_same_noise() -> None:
    recording = speech()
    assert np.array_equal(with_noise(recording, 2.0, 10), with_noise(recording, 2.0, 10))


def test_a_recorded_noise_is_repeated_under_the_speech() -> None:
    recording = speech()
    hum = (1000 * np.sin(np.arange(3200) * 2 * np.pi / 160)).astype(np.int16)
    noisy = with_noise(recording, 2.0, 10, hum)
    lead = noisy[:LEAD].astype(float)
    assert np.argmax(np.abs(np.fft.rfft(lead))) == 100  # 100 Hz in a second.
    assert 10 * np.log10(active_power(recording) / power(lead)) == pytest.approx(10, abs=0.1)


def test_pauses_do_not_count_for_the_level_of_the_speech() -> None:
    recording = speech()
    with_pause = np.concatenate([recording, np.zeros(10 * 16_000, np.int16)])
    assert active_power(with_pause) == pytest.approx(active_power(recording), rel=0.01)
