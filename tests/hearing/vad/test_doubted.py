"""F13: what is heard over an answer is doubted until there is enough of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_speech import BEGAN_NS, frames, padded, quiet, recording

from actors.hearing.vad import Vad
from actors.hearing.vad.endpointing import (
    Endpointing,
    EndpointingLimits,
    Moment,
    RejectedSpeech,
    SpeechState,
    TentativeSpeech,
    TurnEnded,
    TurnStarted,
    finish,
    step,
)
from actors.hearing.vad.playback_activity import HEARD_ON_NS, PlaybackActivity
from actors.lib.audio.pcm import Samples
from pipeline.frames import (
    EndReason,
    Playback,
    PlaybackState,
    SpeechEnded,
    SpeechStarted,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
)
from pipeline.testing import stage

LIMITS = EndpointingLimits(
    window=100,
    enter=0.5,
    leave=0.3,
    pre_roll=150,
    min_speech=200,
    silence=400,
    hangover=250,
    max_turn=2000,
    min_interruption=400,
)
PROBABILITY = {"#": 0.9, "+": 0.4, ".": 0.1}
SILENCE = EndReason.SILENCE


def hear(sound: str, *, over_answer: bool = True) -> tuple[Endpointing, list[Moment]]:
    state = Endpointing(SpeechState.SILENCE, 0, earliest=0)
    moments: list[Moment] = []
    for character in sound:
        state, new = step(state, PROBABILITY[character], LIMITS, over_answer=over_answer)
        moments += new
    return state, moments


TABLE: list[tuple[str, str, list[Moment]]] = [
    ("a click is not even doubted", "....#.......", []),
    ("a cough is dismissed", "....##......", [TentativeSpeech(250), RejectedSpeech(250, 850)]),
    ("just too short", "....###......", [TentativeSpeech(250), RejectedSpeech(250, 950)]),
    (
        "just long enough",
        "....####.....",
        [TentativeSpeech(250), TurnStarted(250), TurnEnded(250, 1050, 800, SILENCE)],
    ),
    (
        "the silence between does not count",
        "....##..#......",
        [TentativeSpeech(250), RejectedSpeech(250, 1150)],
    ),
    (
        "two short words are long enough together",
        "....##..##.....",
        [TentativeSpeech(250), TurnStarted(250), TurnEnded(250, 1250, 1000, SILENCE)],
    ),
    (
        "what comes after a cough is doubted anew",
        "....##....####....",
        [
            TentativeSpeech(250),
            RejectedSpeech(250, 850),
            TentativeSpeech(850),
            TurnStarted(850),
            TurnEnded(850, 1650, 1400, SILENCE),
        ],
    ),
]


@pytest.mark.parametrize(("case", "sound", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_table(case: str, sound: str, expected: list[Moment]) -> None:
    assert hear(sound)[1] == expected


def test_without_an_answer_a_short_word_is_a_turn() -> None:
    assert hear("....##....", over_answer=False)[1] == [
        TurnStarted(250),
        TurnEnded(250, 850, 600, SILENCE),
    ]


def test_the_end_of_the_stream_dismisses_what_is_doubted() -> None:
    state, _ = hear("....##")
    assert finish(state, 600, LIMITS)[1] == (RejectedSpeech(250, 600),)


@given(st.lists(st.tuples(st.sampled_from("#+."), st.booleans()), max_size=120))
def test_every_doubt_is_settled_and_every_turn_ends(heard: list[tuple[str, bool]]) -> None:
    state = Endpointing(SpeechState.SILENCE, 0, earliest=0)
    moments: list[Moment] = []
    for character, over_answer in heard:
        state, new = step(state, PROBABILITY[character], LIMITS, over_answer=over_answer)
        moments += new
    moments += finish(state, len(heard) * 100, LIMITS)[1]
    doubted, started = None, None
    for moment in moments:
        match moment:
            case TentativeSpeech(position):
                assert doubted is None
                assert started is None
                doubted = position
            case TurnStarted(position):
                assert started is None
                assert doubted in (None, position)
                doubted, started = None, position
            case RejectedSpeech(start):
                assert doubted == start
                doubted = None
            case TurnEnded(start):
                assert started == start
                started = None
    assert doubted is None
    assert started is None


# The actor.


def playing(at_s: float, state: PlaybackState = PlaybackState.PLAYING) -> Playback:
    at_ns = BEGAN_NS + round(at_s * 1e9)
    return Playback(
        turn="local:0", epoch=1, backend="live", state=state, played_samples=100, at_ns=at_ns
    )


def cough() -> Samples:
    """A second of quiet, a quarter of a second of voice, quiet again."""
    voice = recording("austen-0890.wav")
    loudest = int(np.argmax(np.convolve(np.abs(voice.astype(float)), np.ones(4_000), "valid")))
    return np.concatenate([quiet(1), voice[loudest : loudest + 4_000], quiet(1.5)])


def test_a_cough_over_an_answer_pauses_it_and_is_no_turn() -> None:
    with stage(Vad) as vad:
        vad.send("playback", playing(0.9))
        vad.send("audio", *frames(cough()))
        voice = vad.expect("voice", TentativeSpeechStarted)
        gone = vad.expect("voice", TentativeSpeechRejected)
        vad.expect_nothing("speech")
        assert vad.actor.counters["voices_dismissed"] == 1
    assert voice.turn == gone.turn == f"local:{voice.position}"
    assert voice.position / 16_000 == pytest.approx(0.76, abs=0.1)


def test_the_same_cough_in_silence_is_a_turn() -> None:
    with stage(Vad) as vad:
        vad.send("audio", *frames(cough()))
        vad.expect("speech", SpeechStarted)
        vad.expect("speech", SpeechEnded)
        vad.expect_nothing("voice")


def test_speech_over_an_answer_is_doubted_at_once_and_then_a_turn_of_the_same_name() -> None:
    with stage(Vad) as vad:
        vad.send("playback", playing(1.2))
        for block in frames(padded("goforward.wav")):
            vad.send("audio", block)
            if vad.sent["voice"]:
                break
        voice = vad.expect("voice", TentativeSpeechStarted)
        assert block.position - (voice.position + 3840) <= 3 * 512
        vad.send("audio", *frames(padded("goforward.wav")))
        started = vad.expect("speech", SpeechStarted)
        ended = vad.expect("speech", SpeechEnded)
        vad.expect_nothing("voice")
    assert started.turn == ended.turn == voice.turn
    assert (started.position, started.at_ns) == (voice.position, voice.at_ns)


def test_a_vad_killed_in_doubt_settles_it(tmp_path: Path) -> None:
    blocks = frames(cough())
    with stage(Vad, folder=tmp_path) as vad:
        vad.send("playback", playing(0.9))
        vad.send("audio", *blocks[:60])
        voice = vad.expect("voice", TentativeSpeechStarted)
    with stage(Vad, folder=tmp_path) as vad:
        vad.send("audio", *blocks)
        assert vad.expect("voice", TentativeSpeechRejected).turn == voice.turn
        vad.expect_nothing("speech")


def test_sound_that_is_replayed_is_doubted_by_when_it_was_captured() -> None:
    """A vad that was killed gets half a second at once, and an answer ends in the middle of it."""
    with stage(Vad) as vad:
        vad.send("playback", playing(0.9, PlaybackState.STARTED))
        vad.send("playback", playing(1.4, PlaybackState.FINISHED))
        vad.send("audio", *frames(cough(), lengths=[16_000 + 7000, 8000]))
        vad.expect("voice", TentativeSpeechStarted)
        vad.expect("voice", TentativeSpeechRejected)
        vad.expect_nothing("speech")
    with stage(Vad) as vad:
        vad.send("playback", playing(1.4, PlaybackState.STARTED))
        vad.send("audio", *frames(cough(), lengths=[16_000 + 7000, 8000]))
        vad.expect("speech", SpeechStarted)
        vad.expect_nothing("voice")


@pytest.mark.parametrize("state", [PlaybackState.FINISHED, PlaybackState.INTERRUPTED])
def test_nothing_is_heard_of_an_answer_that_has_ended(state: PlaybackState) -> None:
    sounding = PlaybackActivity()
    sounding.on_playback(playing(1.0))
    assert sounding.at(BEGAN_NS + 1_200_000_000)
    sounding.on_playback(playing(1.1, state))
    assert not sounding.at(BEGAN_NS + 1_200_000_000)


def test_an_answer_whose_player_was_killed_is_not_heard_for_ever() -> None:
    sounding = PlaybackActivity()
    sounding.on_playback(playing(1.0))
    assert not sounding.at(BEGAN_NS + 1_000_000_001 + HEARD_ON_NS)
