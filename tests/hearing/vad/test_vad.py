"""The actor: real recordings in, turns out."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from recorded_speech import BEGAN_NS, RECORDINGS, frames, noise, padded, quiet, recording

from actors.hearing.vad import Vad, VadOptions
from actors.lib.audio.pcm import Samples, samples_to_ns
from pipeline.frames import (
    ActorState,
    Audio,
    EndReason,
    Frame,
    SessionEnd,
    SessionEnded,
    SpeechEnded,
    SpeechStarted,
)
from pipeline.testing import ActorHarness, stage

ENGINES = ["silero", "webrtc", "energy"]

Turn = tuple[SpeechStarted, SpeechEnded]


def events(vad: ActorHarness[VadOptions]) -> list[dict[str, Any]]:
    """What the actor has said, without the headers that tell when it did so."""
    headers = {"seq", "sent_ns", "boot", "origin_ns"}
    said = [frame.model_dump(exclude=headers) for frame in vad.sent["speech"]]
    vad.sent["speech"].clear()
    return said


def heard(blocks: list[Audio], **options: Any) -> list[dict[str, Any]]:
    with stage(Vad, **options) as vad:
        for session in {block.session for block in blocks}:
            vad.open(session)
        vad.send("audio", *blocks)
        return events(vad)


def next_turn(vad: ActorHarness[VadOptions]) -> Turn:
    return vad.expect("speech", SpeechStarted), vad.expect("speech", SpeechEnded)


@pytest.mark.parametrize("name", RECORDINGS)
def test_each_recording_is_one_turn(name: str) -> None:
    with stage(Vad) as vad:
        vad.send("audio", *frames(padded(name)))
        started, ended = next_turn(vad)
        vad.expect_nothing("speech")

    said = len(recording(name))
    assert 16_000 - 3840 <= started.position < 16_000 + said / 2
    assert 16_000 + said / 2 < ended.position < 16_000 + said + 3200
    assert started.turn == ended.turn == f"local:{started.position}"
    assert ended.start_position == started.position
    assert ended.reason is EndReason.SILENCE


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_hears_the_speech_and_where_it_stops(engine: str) -> None:
    sound = np.concatenate([noise(1), recording("goforward.wav"), noise(1)])
    with stage(Vad, engine=engine) as vad:
        vad.send("audio", *frames(sound, final=True))
        started, ended = next_turn(vad)

    # Words from 1.52 to 3.3 s of the padded recording, seen in a waveform editor.
    assert started.position / 16_000 == pytest.approx(1.4, abs=0.25)
    assert ended.position / 16_000 == pytest.approx(3.4, abs=0.35)


@pytest.mark.parametrize("engine", ENGINES)
def test_steady_noise_is_not_speech(engine: str) -> None:
    assert heard(frames(noise(5, level=100)), engine=engine) == []


@pytest.mark.parametrize("engine", ["silero", "energy"])
def test_a_click_is_not_speech(engine: str) -> None:
    sound = quiet(3)
    sound[20_000:20_080] = 20_000

    assert heard(frames(sound), engine=engine) == []


def test_times_are_capture_times() -> None:
    with stage(Vad) as vad:
        vad.send("audio", *frames(padded("numbers.wav")))
        started, ended = next_turn(vad)

    assert started.at_ns == BEGAN_NS + samples_to_ns(started.position)
    voiced_end = ended.position - 3200  # Less the hangover of 200 ms.
    assert ended.at_ns == BEGAN_NS + samples_to_ns(voiced_end - 1)


def test_speech_is_reported_within_three_windows_of_its_first() -> None:
    with stage(Vad) as vad:
        for block in frames(padded("goforward.wav")):
            vad.send("audio", block)
            if vad.sent["speech"]:
                break
        started = vad.expect("speech", SpeechStarted)

    onset = started.position + 3840  # The pre-roll of 240 ms.
    assert block.position + block.samples - onset <= 3 * 512


CONVERSATION = np.concatenate(
    [quiet(0.5), recording("cards-001.wav"), quiet(0.8), recording("cards-003.wav"), quiet(0.3)]
)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=12)
@given(lengths=st.lists(st.integers(1, 9000), max_size=200), start=st.integers(0, 2000))
def test_events_do_not_depend_on_chunking(engine: str, lengths: list[int], start: int) -> None:
    even = heard(frames(CONVERSATION, start=start, final=True), engine=engine)

    assert len(even) >= 2
    blocks = frames(CONVERSATION, start=start, lengths=lengths, final=True)
    assert heard(blocks, engine=engine) == even


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 12)), max_size=4))
def test_repeated_blocks_change_nothing(repeats: list[tuple[int, int]]) -> None:
    blocks = frames(CONVERSATION, final=True)
    once = heard(blocks, engine="energy")
    for at, count in repeats:
        blocks[at:at] = blocks[max(0, at - count) : at]

    assert heard(blocks, engine="energy") == once


def without(samples: Samples, start: int, end: int) -> list[Audio]:
    return frames(samples[:start]) + frames(samples[end:], start=end)


def test_lost_audio_counts_as_silence() -> None:
    sound = padded("goforward.wav")
    silenced = sound.copy()
    silenced[30_080:36_160] = 0

    with stage(Vad) as vad:
        vad.send("audio", *without(sound, 30_080, 36_160))
        assert events(vad) == heard(frames(silenced))
        assert vad.actor.counters["missing_samples"] == 6080
        assert vad.actor.counters["gaps"] == 1


def test_a_long_gap_ends_the_turn_where_the_sound_stopped() -> None:
    sound = np.concatenate([padded("goforward.wav"), padded("cards-001.wav")])
    cut = 33_000  # In the middle of the first sentence.
    hour = 16_000 * 3600
    blocks = frames(sound[:cut]) + frames(sound[len(padded("goforward.wav")) :], start=hour)

    with stage(Vad) as vad:
        vad.send("audio", *blocks)
        _, ended = next_turn(vad)
        started, _ = next_turn(vad)
        vad.expect_nothing("speech")

    assert cut <= ended.position <= cut + 3200 + 512
    assert started.position >= hour


@pytest.mark.parametrize("engine", ENGINES)
def test_a_vad_killed_in_a_long_gap_hears_what_comes_after(engine: str) -> None:
    after = frames(padded("cards-001.wav"), start=16_000 * 100)
    with stage(Vad, engine=engine) as vad:
        vad.send("audio", *frames(padded("goforward.wav")[:33_000]), after[0])
        checkpoint = json.loads(json.dumps(vad.actor.checkpoint))

    with stage(Vad, engine=engine, checkpoint=checkpoint) as vad:
        vad.send("audio", *after)
        started = vad.expect("speech", SpeechStarted)

    assert started.position >= 16_000 * 100


def test_end_of_stream_closes_an_open_turn() -> None:
    sound = padded("goforward.wav")[:40_000]

    with stage(Vad) as vad:
        vad.send("audio", *frames(sound, final=True))
        _, ended = next_turn(vad)

    assert ended.reason is EndReason.END_OF_STREAM
    assert ended.position == 40_000


def test_long_speech_goes_on_as_the_next_turn() -> None:
    sound = np.concatenate([quiet(1), recording("austen-0870.wav"), quiet(1)])

    with stage(Vad, max_turn_s=3) as vad:
        vad.send("audio", *frames(sound))
        turns = [next_turn(vad), next_turn(vad), next_turn(vad)]
        vad.expect_nothing("speech")

    reasons = [ended.reason for _, ended in turns]
    assert reasons == [EndReason.MAX_LENGTH, EndReason.MAX_LENGTH, EndReason.SILENCE]
    for (_, ended), (following, _) in pairwise(turns):
        assert following.position == ended.position


def test_sessions_do_not_hear_each_other() -> None:
    one = frames(padded("goforward.wav"), session="one")
    two = frames(padded("cards-001.wav"), session="two", start=96_000)
    mixed = [block for pair in zip(one, two, strict=False) for block in pair]

    both = heard([*mixed, *one[len(two) :]])

    assert [e for e in both if e["session"] == "one"] == heard(one)
    assert [e for e in both if e["session"] == "two"] == heard(two)


def test_audio_at_another_rate_is_refused_with_advice_and_the_right_one_is_heard_f45() -> None:
    blocks = [Audio(position=960 * n, rate_hz=48_000, pcm=bytes(1920)) for n in range(10)]
    with stage(Vad) as vad:
        vad.send("audio", *blocks)
        assert vad.actor.state is ActorState.DEGRADED
        assert "48000 Hz and takes 16000: set the rate" in vad.actor.detail
        assert vad.actor.counters["audio.unusable"] == len(blocks)
        vad.send("audio", *frames(padded("cards-001.wav")))
        assert next_turn(vad)


@pytest.mark.parametrize(
    "options", [{"leave": 0.6}, {"hangover_ms": 700}, {"engine": "sillero"}, {"silence": 1}]
)
def test_options_that_contradict_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VadOptions.model_validate(options)


THREE = np.concatenate([padded(name) for name in ("goforward.wav", "numbers.wav", "cards-003.wav")])


def test_listening_from_the_middle_names_later_turns_the_same() -> None:
    turns = [e["turn"] for e in heard(frames(THREE))]
    cut = len(padded("goforward.wav")) + 3000

    late = [e["turn"] for e in heard(frames(THREE[cut:], start=cut))]

    assert late == turns[2:]


@pytest.mark.parametrize("engine", ["silero", "energy"])
@pytest.mark.parametrize("killed_at_s", [1.9, 3.05, 3.6, 4.8, 7.0, 9.3, 10.6, 12.4])
def test_a_killed_vad_takes_up_its_turns_where_they_were(
    engine: str, killed_at_s: float, tmp_path: Path
) -> None:
    blocks = frames(THREE, final=True)
    whole = heard(blocks, engine=engine)
    killed = round(killed_at_s * 50)
    with stage(Vad, engine=engine, folder=tmp_path) as vad:
        vad.send("audio", *blocks[:killed])
        said = events(vad)

    # The microphone replays its last seconds; here less than the open turn is long.
    with stage(Vad, engine=engine, folder=tmp_path) as vad:
        vad.send("audio", *blocks[max(0, killed - 110) :])
        again = events(vad)

    assert said + [event for event in again if event not in said] == whole


def test_a_vad_killed_after_the_end_does_not_open_the_turns_again(tmp_path: Path) -> None:
    blocks = frames(padded("austen-0870.wav"), final=True)
    with stage(Vad, folder=tmp_path) as vad:
        vad.send("audio", *blocks)

    with stage(Vad, folder=tmp_path) as vad:
        vad.send("audio", *blocks[200:])  # In the middle of the sentence.
        vad.expect_nothing("speech")


def test_a_session_that_has_ended_is_forgotten_and_another_of_its_name_begins_anew(
    tmp_path: Path,
) -> None:
    blocks = frames(padded("cards-001.wav"), session="caller", final=True)
    with stage(Vad, folder=tmp_path) as vad:
        vad.open("caller", origin_ns=1)
        vad.send("audio", *blocks)
        first = events(vad)
        vad.end("caller")
        assert "caller" not in vad.actor.sessions
        vad.open("caller", origin_ns=2)
        vad.send("audio", *blocks)
        assert events(vad) == first
    # One that ended while nobody listened is not taken for the next of its name either.
    with stage(Vad, folder=tmp_path) as vad:
        vad.open("caller", origin_ns=3)
        vad.send("audio", *blocks)
        assert events(vad) == first


def test_where_the_sessions_stand_is_no_part_of_the_heartbeat() -> None:
    with stage(Vad) as vad:
        vad.send("audio", *frames(padded("cards-001.wav")))
        assert vad.actor.checkpoint == {}


class Touchy(Vad):
    """Raises at what one of its callers says."""

    def publish(self, port: str, frame: Frame) -> None:
        if port == "speech" and frame.session == "bad":
            raise ValueError("a fault of our own")
        super().publish(port, frame)


def test_a_session_that_raises_ends_and_the_others_do_not_notice() -> None:
    names = ["one", "bad", "two"]
    alone = {name: frames(padded("cards-001.wav"), session=name) for name in names}
    mixed = [block for blocks in zip(*alone.values(), strict=True) for block in blocks]
    with stage(Touchy) as vad:
        for name in names:
            vad.open(name)
        vad.send("audio", *mixed)
        said = events(vad)
        ended = vad.expect("sessions", SessionEnded)
        assert (ended.session, ended.reason) == ("bad", SessionEnd.FAILED)
        assert "a fault of our own" in ended.detail
        assert "bad" not in vad.actor.sessions
        vad.send("audio", alone["bad"][-1])
        vad.open("bad")
        assert vad.actor.counters["ended"] == 1
    for name in ("one", "two"):
        assert [e for e in said if e["session"] == name] == heard(alone[name])


def test_a_caller_at_another_rate_is_told_so_and_nobody_else_notices() -> None:
    with stage(Vad) as vad:
        for number in range(10):
            vad.open(f"slow-{number}")
            block = Audio(session=f"slow-{number}", position=0, rate_hz=8_000, pcm=bytes(320))
            vad.send("audio", block)
            ended = vad.expect("sessions", SessionEnded)
            assert (ended.session, ended.reason) == (f"slow-{number}", SessionEnd.FAILED)
            assert "8000 Hz and takes 16000" in ended.detail
        vad.send("audio", *frames(padded("cards-001.wav")))
        assert next_turn(vad)


def test_sessions_heard_together_have_the_turns_they_have_alone() -> None:
    names = ["goforward.wav", "cards-001.wav", "numbers.wav", "cards-003.wav", "austen-0870.wav"]
    alone = [frames(padded(name), session=name) for name in names]
    longest = max(len(each) for each in alone)
    mixed = [each[at] for at in range(longest) for each in alone if at < len(each)]

    together = heard(mixed)

    for name, each in zip(names, alone, strict=True):
        assert [e for e in together if e["session"] == name] == heard(each)


def test_level_and_probability_are_gauges() -> None:
    with stage(Vad) as vad:
        vad.send("audio", *frames(padded("goforward.wav")[:30_080]))
        vad.actor.measure()

        assert vad.actor.gauges["probability"] > 0.9
        assert vad.actor.gauges["level_dbfs"] == pytest.approx(-26, abs=6)
