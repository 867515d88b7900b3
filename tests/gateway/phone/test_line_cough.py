"""A short noise on the line holds an answer for a moment at most; a person who speaks ends it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soxr

from actors.hearing.vad.endpointing import Moment, RejectedSpeech, TentativeSpeech, TurnStarted
from actors.hearing.vad.engine import EngineName, load_engine
from actors.hearing.vad.level import LevelControl
from actors.hearing.vad.options import VadOptions
from actors.hearing.vad.stream import VoiceStream
from actors.lib.audio.pcm import Samples
from benchmarks.quiet import judged
from benchmarks.short_noises import NOISES, short_noise
from benchmarks.sound import SPEECH, read_wav
from benchmarks.telephone_echo import suppressed
from benchmarks.telephone_line import CONVERTERS, SPEECH_RMS, LineFaults, at_level, carry, clipped

RATE = 16_000
BEGIN_S = 3.0
PLAYED = at_level(soxr.resample(read_wav(SPEECH / "austen-0870.wav"), RATE, 24_000))
ROOM_RMS = 10.0
STOPS_S = 0.1
"""From the first doubt to the last sample that a provider plays."""
LEVEL_DB = 3.0
"""Beside speech: into the mouthpiece."""
HELD_S = 1.2
"""An answer that is held is quiet for so long at the most: the longest noise, and what shows it."""
LINES = [LineFaults(), LineFaults(echo_db=-25)]


def over_line(sound: Samples, faults: LineFaults) -> list[tuple[float, Moment]]:
    """What is found while an answer is heard, which is held once somebody may be speaking."""
    begun = [at_s for at_s, each in found(sound, faults, PLAYED) if is_begun(each)]
    if not begun:
        return []
    held_s = begun[0] + STOPS_S
    return found(sound, faults, PLAYED[: round(held_s * 24_000)])


def is_begun(moment: Moment) -> bool:
    return isinstance(moment, TentativeSpeech)


def found(sound: Samples, faults: LineFaults, played: Samples) -> list[tuple[float, Moment]]:
    """What is found, and when that is known."""
    line = np.random.default_rng(1).normal(0, ROOM_RMS, len(PLAYED) * 2 // 3)
    begin = round(BEGIN_S * RATE)
    line[begin : begin + len(sound)] += sound[: len(line) - begin]
    heard = suppressed(CONVERTERS["ours"].whole(carry(clipped(line), faults, played)), played)
    options = VadOptions()
    detector = load_engine(EngineName.SILERO, Path())()
    level = LevelControl(options.most_gain_db)
    limits = options.limits(detector.window_samples)
    stream = VoiceStream(detector, limits, Counter(), level=level)
    stream.over_answer = lambda _position: True
    moments: list[tuple[float, Moment]] = []
    for at in range(0, len(heard), 320):
        known = judged(stream.feed(at, heard[at : at + 320]), detector)
        moments += [((at + 320) / RATE, each) for each in known]
    return moments


@pytest.mark.parametrize("faults", LINES, ids=str)
@pytest.mark.parametrize("name", sorted(NOISES))
def test_a_short_noise_never_ends_an_answer(name: str, faults: LineFaults) -> None:
    sound = short_noise(name, 1, SPEECH_RMS * 10 ** (LEVEL_DB / 20))
    known = over_line(sound, faults)
    assert not [each for _, each in known if isinstance(each, TurnStarted)]
    begun = [at_s for at_s, each in known if is_begun(each)]
    ended = [at_s for at_s, each in known if isinstance(each, RejectedSpeech)]
    assert begun or name != "a syllable", "it is not one that nobody notices"
    assert len(begun) == len(ended)
    assert all(b <= e <= b + HELD_S for b, e in zip(begun, ended, strict=True))


@pytest.mark.parametrize("faults", LINES, ids=str)
@pytest.mark.parametrize("file", ["goforward.wav", "cards-001.wav"])
def test_a_person_who_speaks_ends_it(file: str, faults: LineFaults) -> None:
    known = over_line(at_level(read_wav(SPEECH / file)), faults)
    (at_s, *_) = [at_s for at_s, each in known if isinstance(each, TurnStarted)]
    assert BEGIN_S < at_s < BEGIN_S + 1.2
