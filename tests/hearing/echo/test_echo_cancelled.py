"""F14: the robot's own voice comes back through its microphone."""

from __future__ import annotations

import numpy as np
import pytest
from room import (
    NEAR_HZ,
    Room,
    as_a_player_sends,
    cleaned,
    joined,
    level_db,
    quiet,
    recording,
    robot_talk,
    said_at,
)

from actors.hearing.vad import Vad
from actors.lib.audio.pcm import Samples
from pipeline.frames import Audio, SpeechStarted
from pipeline.testing import stage

SECONDS = 12
TALK = robot_talk(SECONDS)
NOBODY = quiet(SECONDS)

ROOMS = {
    "60 ms, as loud as speech": Room(),
    "a loudspeaker beside the microphone": Room(delay_ms=3),
    "a network speaker": Room(delay_ms=300),
    "quiet": Room(gain=0.2),
    "clocks 100 ppm apart": Room(drift_ppm=100),
    "clocks 300 ppm apart": Room(drift_ppm=-300),
    "times that jump about": Room(jitter_ms=8),
    "a driver that takes its buffer for longer than it is": Room(reported_late_ms=100),
    "a driver that takes its buffer for shorter": Room(reported_late_ms=-100),
    "a large buffer": Room(ahead_ms=200),
    "a small buffer": Room(ahead_ms=15),
}


def starts(blocks: list[Audio]) -> list[int]:
    """Where the voice detector hears speech begin."""
    with stage(Vad) as vad:
        vad.send("audio", *blocks)
        return [f.position for f in vad.sent["speech"] if isinstance(f, SpeechStarted)]


def heard_by_microphone(frames: list[tuple[str, Audio]]) -> list[Audio]:
    return [frame for port, frame in frames if port == "audio"]


def voice_band(samples: Samples) -> Samples:
    """Without what WebRTC's high-pass filter changes: nobody speaks below 300 Hz."""
    spectrum = np.fft.rfft(samples.astype(float))
    spectrum[: 300 * len(samples) // NEAR_HZ] = 0
    return np.fft.irfft(spectrum, len(samples))


@pytest.mark.parametrize("room", ROOMS.values(), ids=ROOMS.keys())
def test_no_speech_is_found_in_what_is_left_of_the_echo(room: Room) -> None:
    frames = room.frames(TALK, NOBODY)
    assert starts(heard_by_microphone(frames)) != []
    blocks, _ = cleaned(frames)
    assert starts(blocks) == []
    before = level_db(joined(heard_by_microphone(frames))[NEAR_HZ:])
    assert before - level_db(joined(blocks)[NEAR_HZ:]) > 20


@pytest.mark.parametrize("room", [Room(), Room(gain=0.2), Room(drift_ppm=100)])
def test_a_person_who_speaks_over_it_is_heard(room: Room) -> None:
    person = said_at(6.0, recording("goforward.wav"), len(TALK))
    blocks, _ = cleaned(room.frames(TALK, person))
    found = starts(blocks)
    # The words begin 0.52 s into the recording; the turn holds 240 ms before them.
    assert found[0] / NEAR_HZ == pytest.approx(6.3, abs=0.25)


def test_a_person_alone_is_left_as_they_are_but_for_8_ms() -> None:
    person = said_at(2.0, recording("goforward.wav"), len(NOBODY))
    blocks, _ = cleaned(Room().frames(NOBODY, person))
    late = 128
    before, after = voice_band(person[:-late]), voice_band(joined(blocks)[late:])
    likeness = np.dot(before, after) / np.linalg.norm(before) / np.linalg.norm(after)
    assert likeness > 0.94
    assert level_db(after) == pytest.approx(level_db(before), abs=1.5)


def test_a_break_in_the_far_end_is_recovered_from() -> None:
    talk = robot_talk(20)
    blocks, info = cleaned(Room(far_lost=(300, 350)).frames(talk, quiet(20)))
    assert info["far_end_gaps"] == 1
    later = 10 * NEAR_HZ
    assert level_db(talk[later:]) - level_db(joined(blocks)[later:]) > 20


def test_the_microphone_waits_for_a_far_end_that_is_late() -> None:
    frames = Room(far_held=(300, 308)).frames(TALK, NOBODY)
    blocks, info = cleaned(frames)
    assert info["waits"] > 0
    assert info["far_end_late"] <= 2
    assert starts(blocks) == []
    there = slice(6 * NEAR_HZ, 7 * NEAR_HZ)
    assert (
        level_db(joined(heard_by_microphone(frames))[there]) - level_db(joined(blocks)[there]) > 20
    )


def test_the_microphone_does_not_wait_for_a_speaker_that_is_gone() -> None:
    frames = Room(far_lost=(300, 600)).frames(TALK, NOBODY)
    _, info = cleaned(frames)
    assert info["waits"] == 1


def test_half_duplex_hears_nothing_while_the_robot_speaks_and_everything_else_untouched() -> None:
    talk = np.concatenate([quiet(2), robot_talk(5), quiet(5)])
    person = said_at(8.5, recording("goforward.wav"), len(talk))
    frames = Room().frames(talk, person)
    blocks, _ = cleaned(frames, mode="half_duplex", tail_ms=400)
    heard, before = joined(blocks), joined(heard_by_microphone(frames))
    assert not heard[round(2.1 * NEAR_HZ) : 7 * NEAR_HZ].any()
    assert np.array_equal(heard[round(7.6 * NEAR_HZ) :], before[round(7.6 * NEAR_HZ) :])
    assert np.array_equal(heard[: round(1.9 * NEAR_HZ)], before[: round(1.9 * NEAR_HZ)])
    (found,) = starts(blocks)
    assert found / NEAR_HZ > 8


def test_off_passes_every_sample() -> None:
    frames = Room().frames(TALK, NOBODY)
    blocks, _ = cleaned(frames, mode="off")
    assert [b.pcm for b in blocks] == [b.pcm for b in heard_by_microphone(frames)]


def test_noise_is_taken_out_where_that_is_wanted() -> None:
    hiss = np.random.default_rng(5).normal(0, 300, len(NOBODY)).astype(np.int16)
    frames = Room().frames(NOBODY, hiss)
    loud, _ = cleaned(frames)
    soft, _ = cleaned(frames, noise_suppression=True)
    last = -5 * NEAR_HZ
    assert level_db(joined(loud)[last:]) - level_db(joined(soft)[last:]) > 8


@pytest.mark.parametrize("drift_ppm", [0, 100])
def test_after_a_long_silence_the_echo_is_taken_out_as_if_all_of_it_had_been_sent(
    drift_ppm: float,
) -> None:
    talk = np.concatenate([robot_talk(6), quiet(60), robot_talk(6)])
    frames = Room(drift_ppm=drift_ppm, jitter_ms=8).frames(talk, quiet(72))
    sent = as_a_player_sends(frames)
    assert len(sent) < len(frames) - 2_300
    blocks, info = cleaned(sent)
    assert starts(blocks) == []
    assert info["far_end_gaps"] == 0
    last = slice(-5 * NEAR_HZ, None)
    before = level_db(joined(heard_by_microphone(frames))[last])
    assert before - level_db(joined(blocks)[last]) > 20
    all_sent, known = cleaned(frames)
    assert info["muted_samples"] <= known["muted_samples"]
    assert level_db(joined(blocks)[last]) <= level_db(joined(all_sent)[last]) + 3
