"""The actor: files in, a microphone's stream out."""

from __future__ import annotations

import copy
import json
import os
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from actors.inputs.recording import RecordedInput, RecordingOptions
from actors.inputs.recording.cue import KEPT_EVERY
from actors.lib.audio.pcm import Samples, to_samples
from pipeline.errors import ConfigError, DeviceError
from pipeline.frames import ActorState, Audio, Outcome, Playback, PlaybackState, TurnClosed
from pipeline.testing import ActorHarness, stage

SPEECH = Path(__file__).parents[2] / "speech"
BLOCK_NS = 20_000_000
FAST = 100.0


def samples_of(name: str) -> Samples:
    with wave.open(str(SPEECH / name)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def whole_blocks(samples: Samples) -> Samples:
    return np.concatenate([samples, quiet((-len(samples) % 320) / 16_000)])


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * 16_000), np.int16)


def played(files: list[Any], **options: Any) -> list[Audio]:
    with stage(
        RecordedInput, config_dir=SPEECH, files=files, **{"pace": FAST, **options}
    ) as recording:
        return to_the_end(recording)


def to_the_end(recording: ActorHarness[RecordingOptions]) -> list[Audio]:
    recording.until(lambda: recording.actor.state is ActorState.FINISHED, "the end")
    return blocks(recording)


def blocks(recording: ActorHarness[RecordingOptions]) -> list[Audio]:
    return [frame for frame in recording.sent["audio"] if isinstance(frame, Audio)]


def stream(frames: list[Audio]) -> Samples:
    return np.concatenate([to_samples(frame.pcm) for frame in frames])


def closed(position: int) -> TurnClosed:
    return TurnClosed(turn=f"local:{position}", outcome=Outcome.ANSWERED, by="live")


def heard(position: int) -> Playback:
    return Playback(
        turn=f"local:{position}",
        epoch=0,
        backend="live",
        state=PlaybackState.STARTED,
        played_samples=0,
        at_ns=time.monotonic_ns(),
    )


def test_a_file_comes_out_sample_for_sample_and_then_the_tail() -> None:
    frames = played(["goforward.wav"], tail_s=0.5)

    expected = np.concatenate([whole_blocks(samples_of("goforward.wav")), quiet(0.5)])
    assert np.array_equal(stream(frames), expected)


def test_blocks_are_20_ms_and_positions_leave_no_gap() -> None:
    frames = played(["goforward.wav", "cards-001.wav"])

    assert [frame.position for frame in frames] == list(range(0, len(frames) * 320, 320))
    assert {frame.samples for frame in frames} == {320}


def test_only_the_last_block_is_final() -> None:
    frames = played(["cards-001.wav"], tail_s=0)

    assert [frame.final for frame in frames] == [False] * (len(frames) - 1) + [True]


def test_files_follow_each_other_after_the_gap() -> None:
    frames = played(["cards-001.wav", {"path": "cards-003.wav", "delay_s": 0.2}], gap_s=0.4)

    first = whole_blocks(samples_of("cards-001.wav"))
    begin = len(first) + 9600
    second = samples_of("cards-003.wav")
    assert not stream(frames)[len(first) : begin].any()
    assert np.array_equal(stream(frames)[begin : begin + len(second)], second)


@pytest.mark.parametrize("pace", [4.0, 50.0])
def test_capture_times_are_exact_and_nothing_is_sent_before_them(pace: float) -> None:
    frames = played(["cards-001.wav"], tail_s=0.1, pace=pace)

    begun_ns = frames[0].origin_ns - round(BLOCK_NS / pace)
    for number, frame in enumerate(frames):
        assert frame.origin_ns == begun_ns + (number + 1) * BLOCK_NS / pace
        assert frame.sent_ns >= frame.origin_ns


def test_a_late_recording_sends_what_is_overdue_with_its_true_times() -> None:
    base_ns = time.monotonic_ns() - 3600 * 1_000_000_000
    checkpoint = {"base_ns": base_ns, "progress": ["waiting", 0, 0, 0, 0, 0]}

    options: dict[str, Any] = {"files": ["goforward.wav"], "pace": 1.0}
    with stage(RecordedInput, config_dir=SPEECH, checkpoint=checkpoint, **options) as recording:
        frames = to_the_end(recording)

    assert frames[0].origin_ns == base_ns + BLOCK_NS
    assert frames[-1].origin_ns == base_ns + len(frames) * BLOCK_NS
    assert frames[-1].sent_ns < base_ns + 3700 * 1_000_000_000


def test_a_looped_file_begins_again() -> None:
    options: dict[str, Any] = {"files": ["cards-001.wav"], "loop": True, "gap_s": 0.1, "pace": FAST}
    length = len(whole_blocks(samples_of("cards-001.wav"))) + 1600
    with stage(RecordedInput, config_dir=SPEECH, **options) as recording:
        recording.until(lambda: len(recording.sent["audio"]) * 320 >= 3 * length)
        sound = stream(blocks(recording))

    assert np.array_equal(sound[:length], sound[length : 2 * length])
    assert np.array_equal(sound[:length], sound[2 * length : 3 * length])


def test_after_answer_sends_silence_until_the_turn_before_is_closed() -> None:
    files = ["cards-001.wav", {"path": "cards-003.wav", "start": "after_answer"}]
    first = len(whole_blocks(samples_of("cards-001.wav")))
    with stage(RecordedInput, config_dir=SPEECH, files=files, pace=FAST) as recording:
        recording.until(lambda: len(recording.sent["audio"]) * 320 > first + 32_000)
        recording.send("turns", closed(99 + 16_000 * 600), closed(5760))
        answered = len(recording.sent["audio"]) * 320
        sound = stream(to_the_end(recording))

    second = samples_of("cards-003.wav")
    begin = int(np.flatnonzero(sound[first:])[0]) + first - int(np.flatnonzero(second)[0])
    assert begin >= answered
    assert np.array_equal(sound[begin : begin + len(second)], second)


def test_during_answer_begins_while_the_answer_plays() -> None:
    files = ["cards-001.wav", {"path": "cards-003.wav", "start": "during_answer", "delay_s": 0.2}]
    first = len(whole_blocks(samples_of("cards-001.wav")))
    with stage(RecordedInput, config_dir=SPEECH, files=files, pace=FAST) as recording:
        recording.until(lambda: len(recording.sent["audio"]) * 320 > first + 32_000)
        playback = heard(5760)
        recording.send("playback", playback)
        frames = to_the_end(recording)

    loud = [frame for frame in frames if frame.position > first and to_samples(frame.pcm).any()]
    assert loud[0].origin_ns >= playback.at_ns + 200_000_000
    assert recording.actor.counters["answers_missed"] == 0


def test_without_an_answer_it_goes_on_after_a_while_and_counts_it() -> None:
    files = ["cards-001.wav", {"path": "cards-003.wav", "start": "after_answer"}]
    with stage(
        RecordedInput, config_dir=SPEECH, files=files, pace=FAST, answer_timeout_s=0.05
    ) as recording:
        to_the_end(recording)

        assert recording.actor.counters["answers_missed"] == 1


@pytest.mark.parametrize(("start", "port"), [("after_answer", "turns"), ("during_answer", "playb")])
def test_waiting_for_an_answer_needs_its_input(start: str, port: str) -> None:
    files = [{"path": "cards-001.wav", "start": start}]

    with (
        pytest.raises(ConfigError, match=port),
        stage(RecordedInput, config_dir=SPEECH, connected=(), files=files),
    ):
        pass


@pytest.mark.parametrize("killed_at", [1, 5, 40, 60, 85, 110, 130, 160, 210])
def test_a_killed_recording_goes_on_where_it_was(killed_at: int) -> None:
    options: dict[str, Any] = {
        "files": ["cards-001.wav", "cards-003.wav"],
        "gap_s": 0.5,
        "pace": FAST,
    }
    whole = stream(played(**options))
    with stage(RecordedInput, config_dir=SPEECH, **options) as recording:
        recording.until(lambda: len(recording.sent["audio"]) >= killed_at)
        recording.actor.measure()
        checkpoint = json.loads(json.dumps(recording.actor.checkpoint))
        before = blocks(recording)

    with stage(RecordedInput, config_dir=SPEECH, checkpoint=checkpoint, **options) as recording:
        after = to_the_end(recording)

    assert after[0].position <= before[-1].position + 320
    assert before[-1].position - after[0].position < KEPT_EVERY + 320 * 12
    by_position = {frame.position: frame for frame in [*before, *after]}
    assert np.array_equal(stream([by_position[key] for key in sorted(by_position)]), whole)
    again = {frame.position: frame for frame in after}
    for frame in before:
        if frame.position in again:
            assert again[frame.position].pcm == frame.pcm
            assert again[frame.position].origin_ns == frame.origin_ns


def test_a_recording_killed_after_an_answer_decides_again_as_before() -> None:
    files = ["cards-001.wav", {"path": "cards-003.wav", "start": "after_answer"}]
    options: dict[str, Any] = {"files": files, "pace": 4.0}
    first = len(whole_blocks(samples_of("cards-001.wav")))
    with stage(RecordedInput, config_dir=SPEECH, **options) as recording:
        recording.until(lambda: len(recording.sent["audio"]) * 320 > first + 3200)
        recording.actor.measure()
        checkpoint = copy.deepcopy(recording.actor.checkpoint)
        answered = closed(5760).model_copy(update={"origin_ns": time.monotonic_ns()})
        recording.send("turns", answered)
        before = to_the_end(recording)

    with stage(RecordedInput, config_dir=SPEECH, checkpoint=checkpoint, **options) as recording:
        recording.send("turns", answered)
        after = to_the_end(recording)

    assert np.array_equal(stream(before)[after[0].position :], stream(after))


def test_raw_samples_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr("actors.inputs.recording.actor.STDIN_FD", reading)
    sound = samples_of("cards-001.wav")
    try:
        with stage(RecordedInput, files=["-"], tail_s=0.1) as recording:
            recording.until(lambda: recording.actor.counters["starved"] > 3)
            content = sound.tobytes()
            for start in range(0, len(content), 3333):  # Odd: samples are torn apart.
                os.write(writing, content[start : start + 3333])
            os.close(writing)
            frames = to_the_end(recording)
    finally:
        os.close(reading)

    samples = stream(frames)
    begin = int(np.flatnonzero(samples)[0]) - int(np.flatnonzero(sound)[0])
    assert np.array_equal(samples[begin : begin + len(sound)], sound)
    assert [frame.position for frame in frames] == list(range(0, len(frames) * 320, 320))


@pytest.mark.parametrize("name", ["goforwad.wav", "README.md"])
def test_a_file_that_cannot_be_played_is_found_before_anything_starts(name: str) -> None:
    options = RecordingOptions.model_validate({"files": ["goforward.wav", name]})

    with pytest.raises(DeviceError, match=name):
        RecordedInput.check(options, SPEECH)


@pytest.mark.parametrize(
    "options",
    [
        {"files": []},
        {"files": [{"path": "a.wav", "start": "sometime"}]},
        {"files": ["a.wav"], "pace": 0},
        {"files": ["a.wav"], "gap": 1},
    ],
)
def test_bad_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RecordingOptions.model_validate(options)


def test_a_file_that_becomes_unreadable_is_over_and_the_next_is_played(tmp_path: Path) -> None:
    first, second = tmp_path / "first.wav", tmp_path / "second.wav"
    for path in (first, second):
        path.write_bytes((SPEECH / "cards-001.wav").read_bytes())
    options: dict[str, Any] = {"files": [str(first), str(second)], "gap_s": 0.1, "pace": FAST}
    with stage(RecordedInput, config_dir=SPEECH, **options) as recording:
        second.write_bytes(b"no sound any more")
        frames = to_the_end(recording)

        assert recording.actor.counters["unreadable_files"] == 1
    said = whole_blocks(samples_of("cards-001.wav"))
    assert np.array_equal(stream(frames)[: len(said)], said)
    assert frames[-1].final


def test_files_played_for_ever_that_have_become_unreadable_are_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes((SPEECH / "cards-001.wav").read_bytes())
    options: dict[str, Any] = {"files": [str(path)], "loop": True, "gap_s": 0.1, "pace": FAST}
    with stage(RecordedInput, config_dir=SPEECH, **options) as recording:
        path.unlink()
        to_the_end(recording)

        assert recording.actor.counters["unreadable_files"] in (1, 2)


def test_a_restarted_recording_whose_file_is_gone_ends(tmp_path: Path) -> None:
    checkpoint = {"base_ns": time.monotonic_ns(), "progress": ["playing", 640, 0, 640, 0, 0]}
    options: dict[str, Any] = {"files": [str(tmp_path / "gone.wav")], "tail_s": 0.1, "pace": FAST}
    with stage(RecordedInput, config_dir=SPEECH, checkpoint=checkpoint, **options) as recording:
        to_the_end(recording)

        assert recording.actor.counters["unreadable_files"] == 1


def test_standard_input_that_cannot_be_read_is_the_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    monkeypatch.setattr("actors.inputs.recording.actor.STDIN_FD", folder)
    try:
        with stage(RecordedInput, files=["-"], tail_s=0.1, pace=FAST) as recording:
            to_the_end(recording)

            assert recording.actor.counters["unreadable_files"] == 1
    finally:
        os.close(folder)
