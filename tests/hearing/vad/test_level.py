"""Quiet microphones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from recorded_speech import frames, quiet, recording

from actors.hearing.vad import Vad
from actors.hearing.vad.engine import EngineName, load_engine
from actors.hearing.vad.level import FLOOR_DBFS, MOST_DB, LevelControl
from actors.hearing.vad.options import VadOptions
from actors.hearing.vad.stream import VoiceStream
from actors.lib.audio.pcm import Samples, level_dbfs
from actors.recordings.evaluation.noise import with_noise
from benchmarks.quiet import turn_ends
from pipeline.frames import SpeechEnded
from pipeline.testing import stage

WINDOW = 512
LAST_WORD_S = 2.11
"""`goforward.labels.txt`."""


def amplified(sound: Samples, level: LevelControl | None = None) -> Samples:
    level = level or LevelControl()
    whole = len(sound) // WINDOW * WINDOW
    return np.concatenate(
        [level.amplify(sound[at : at + WINDOW]) for at in range(0, whole, WINDOW)]
    )


def noise(dbfs: float, seconds: float = 10.0) -> Samples:
    values = np.random.default_rng(1).normal(0, 32_768 * 10 ** (dbfs / 20), round(seconds * 16_000))
    return values.round().astype(np.int16)


@pytest.mark.parametrize("softer_db", [40, 46])
@pytest.mark.parametrize("snr_db", [None, 20, 10])
def test_a_quiet_sentence_is_heard_to_its_end(softer_db: float, snr_db: float | None) -> None:
    sound = with_noise(recording("goforward.wav"), 1.5, snr_db) / 10 ** (softer_db / 20)
    with stage(Vad) as vad:
        vad.send("audio", *frames(sound.round().astype(np.int16), final=True))
        (ended,) = [each for each in vad.sent["speech"] if isinstance(each, SpeechEnded)]
    # The recording begins after 1 s; 200 ms of the silence belong to the turn.
    assert ended.position / 16_000 == pytest.approx(1.0 + LAST_WORD_S + 0.2, abs=0.3)


@pytest.mark.parametrize("dbfs", [-80, -65, -50, -40, -30])
def test_noise_alone_is_no_turn(dbfs: float) -> None:
    with stage(Vad) as vad:
        vad.send("audio", *frames(noise(dbfs)))
        assert not vad.sent["speech"]


def test_speech_of_usual_level_is_left_as_it_is() -> None:
    sound = recording("austen-0890.wav")
    whole = len(sound) // WINDOW * WINDOW
    late = slice(16_000, whole)

    assert np.array_equal(amplified(sound)[late], sound[late])


@pytest.mark.parametrize("dbfs", [-90, -75, -60, -50])
def test_noise_is_made_no_louder_than_the_floor(dbfs: float) -> None:
    level = level_dbfs(amplified(noise(dbfs))[16_000:])

    assert level <= max(FLOOR_DBFS + 1.0, dbfs + 0.1)
    assert level == pytest.approx(min(dbfs + MOST_DB, FLOOR_DBFS), abs=1.5)


def test_a_shout_after_silence_does_not_overflow() -> None:
    shout = (np.sin(np.arange(16_000) / 7) * 32_000).astype(np.int16)
    sound = np.concatenate([quiet(5), shout])[: 6 * 31 * WINDOW]

    assert (
        np.abs(np.diff(amplified(sound).astype(int))).max()
        <= np.abs(np.diff(sound.astype(int))).max()
    )


def test_minutes_of_a_muted_microphone_after_speech_is_followed() -> None:
    """Its samples are zeros, and what is remembered of the speech fades until it is nothing."""
    level = LevelControl()
    amplified(recording("goforward.wav"), level)
    muted = np.zeros(WINDOW, np.int16)
    for _ in range(180 * 16_000 // WINDOW):
        assert not level.amplify(muted).any()


def test_a_constant_offset_is_taken_for_no_sound() -> None:
    sound = (recording("goforward.wav") // 100 + 3_000).astype(np.int16)

    assert level_dbfs(amplified(sound)) == pytest.approx(-40.0, abs=8)


def test_another_process_goes_on_where_the_first_was() -> None:
    sound = (recording("austen-0890.wav") // 50).astype(np.int16)
    whole = amplified(sound)
    first, second = LevelControl(), LevelControl()
    before = amplified(sound[: 40 * WINDOW], first)
    second.restore(first.save())

    assert np.array_equal(np.concatenate([before, amplified(sound[40 * WINDOW :], second)]), whole)


def test_the_level_is_known_after_a_long_gap_by_whoever_goes_on() -> None:
    level = LevelControl()
    engine = load_engine(EngineName.SILERO, Path())()
    stream = VoiceStream(engine, VadOptions().limits(WINDOW), Counter(), level=level)
    sound = (recording("goforward.wav") // 50).astype(np.int16)[:16_000]
    turn_ends(stream.feed(0, sound), engine)
    assert len(turn_ends(stream.feed(160_000, sound[:100]), engine)) == 1
    assert stream.saved is not None
    assert stream.saved.engine == level.save()
