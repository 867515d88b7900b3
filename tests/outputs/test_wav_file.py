from __future__ import annotations

import errno
import os
import time
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playing import MS, audio, ended, ramp, speech

from actors.lib.audio import wav_file
from actors.lib.audio.pcm import Samples, to_samples
from actors.lib.audio.wav_file import WavFile
from actors.outputs.far_end import UNHEARD_SAMPLES
from actors.outputs.metronome import BLOCK_SAMPLES
from actors.outputs.wav_file import PAUSE_SAMPLES, WavSink
from pipeline.errors import DeviceError
from pipeline.frames import ActorState, Audio, Playback, PlaybackState
from pipeline.testing import ActorHarness, stage

PACE = 20.0
"""Times real time: fast enough for a test, slow enough for a timer."""


def finished(event: Playback) -> bool:
    return event.state is PlaybackState.FINISHED


def contents(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        return to_samples(file.readframes(file.getnframes()))


def answer(sink: ActorHarness, samples: Samples, turn: str = "local:100") -> Playback:
    sink.send("audio", audio(samples, turn=turn))
    sink.send("answer", ended(len(samples), turn=turn))
    return sink.expect("playback", Playback, where=finished)


def test_the_file_holds_the_answer_to_the_sample(tmp_path: Path) -> None:
    path = tmp_path / "made" / "on the way" / "answer.wav"
    said = ramp(1_234 * MS)
    with stage(WavSink, path=path, pace=PACE) as sink:
        assert answer(sink, said).played_samples == len(said)
    heard = contents(path)
    assert np.array_equal(heard[heard != 0], said)


def test_far_end_is_the_whole_timeline_without_a_seam(tmp_path: Path) -> None:
    said = ramp(500 * MS)
    with stage(WavSink, path=tmp_path / "a.wav", pace=PACE) as sink:
        answer(sink, said)
        blocks: list[Audio] = []
        while sum(np.count_nonzero(to_samples(b.pcm)) for b in blocks) < len(said):
            blocks.append(sink.expect("far_end", Audio))
    far_end = np.concatenate([to_samples(block.pcm) for block in blocks])
    assert np.array_equal(far_end[far_end != 0], said)
    assert all(b.position == a.position + a.samples for a, b in pairwise(blocks))


def test_where_nobody_hears_the_far_end_an_idle_sink_rests_and_loses_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.wav"
    said = ramp(500 * MS)
    with stage(WavSink, path=path, unheard=["far_end"], silence="keep") as sink:
        rested = [sink.expect("far_end", Audio) for _ in range(2)]
        asked_ns = time.monotonic_ns()
        sink.send("audio", audio(said))
        sink.send("answer", ended(len(said)))
        began = sink.expect("playback", Playback)
        sink.expect("playback", Playback, where=finished)
        blocks = [*rested, *(each for each in sink.sent["far_end"] if isinstance(each, Audio))]
    assert began.state is PlaybackState.STARTED
    assert began.at_ns >= asked_ns, "not where silence was owed"
    assert {each.samples for each in blocks} == {UNHEARD_SAMPLES}
    assert all(b.position == a.position + a.samples for a, b in pairwise(blocks))
    heard = contents(path)
    assert np.array_equal(heard[heard != 0], said)
    assert np.flatnonzero(heard)[0] >= 2 * UNHEARD_SAMPLES


def test_silence_is_trimmed_to_a_pause(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with stage(WavSink, path=path, pace=PACE) as sink:
        answer(sink, ramp(100 * MS))
        first_end = sink.expect("far_end", Audio).position
        sink.expect("far_end", Audio, where=lambda b: b.position > first_end + 2 * 24_000)
        answer(sink, ramp(100 * MS), "local:200")
    loud = np.flatnonzero(contents(path))
    gap = np.diff(loud).max() - 1
    assert PAUSE_SAMPLES <= gap < PAUSE_SAMPLES + 2 * BLOCK_SAMPLES


def test_silence_kept_makes_the_file_as_long_as_the_timeline(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with stage(WavSink, path=path, pace=PACE, silence="keep") as sink:
        first = sink.expect("far_end", Audio)
        last = sink.expect("far_end", Audio, where=lambda b: b.position > first.position + 48_000)
    assert len(contents(path)) >= last.position + last.samples - first.position


def test_barge_in_leaves_in_the_file_what_was_reported_as_heard(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with stage(WavSink, path=path) as sink:
        sink.send("audio", audio(np.full(60 * 24_000, 9_000, np.int16)))
        sink.expect("playback", Playback, where=lambda e: e.state is PlaybackState.PLAYING)
        sink.send("speech", speech(200))
        stopped = sink.expect(
            "playback", Playback, where=lambda e: e.state is PlaybackState.INTERRUPTED
        )
    heard = np.flatnonzero(contents(path))
    # The last sample of the fade is silent.
    assert heard[-1] - heard[0] + 2 == stopped.played_samples


def test_the_file_is_whole_after_every_block(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    file = WavFile(path, 24_000, append=False)
    try:
        for written in range(0, 1_000, 100):
            assert len(contents(path)) == written
            file.write(ramp(100, first=written))
    finally:
        file.close()


def test_a_restart_appends_and_a_new_run_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with stage(WavSink, path=path, pace=PACE) as sink:
        answer(sink, ramp(100 * MS))
        checkpoint = dict(sink.actor.checkpoint)
    first = contents(path)
    # A block that was half written when the process was killed.
    with path.open("ab") as file:
        file.write(b"\x01")
    with stage(WavSink, path=path, pace=PACE, checkpoint=checkpoint) as sink:
        answer(sink, ramp(100 * MS), "local:200")
    both = contents(path)
    assert np.array_equal(both[: len(first)], first)
    assert np.count_nonzero(both) == 200 * MS
    with stage(WavSink, path=path, pace=PACE) as sink:
        answer(sink, ramp(50 * MS), "local:300")
    assert np.count_nonzero(contents(path)) == 50 * MS


def test_a_full_disk_does_not_stop_playback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.wav"

    def full(*_args: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with stage(WavSink, path=path, pace=PACE) as sink:
        answer(sink, ramp(100 * MS))
        with monkeypatch.context() as patched:
            patched.setattr(wav_file.os, "pwrite", full)
            assert answer(sink, ramp(100 * MS), "local:200").played_samples == 100 * MS
            assert sink.actor.state is ActorState.DEGRADED
        assert np.count_nonzero(contents(path)) == 100 * MS
        answer(sink, ramp(100 * MS), "local:300")
        assert sink.actor.state is ActorState.READY
        assert sink.actor.counters["unwritten_samples"] >= 100 * MS
    assert np.count_nonzero(contents(path)) == 200 * MS


def test_a_path_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "a.wav"):
        with pytest.raises(DeviceError, match=r"cannot write .*choose another path"):
            WavFile(path, 24_000, append=False)


@pytest.mark.parametrize("append", [False, True])
def test_a_file_has_one_writer_also_under_another_name_and_the_first_goes_on(
    tmp_path: Path, append: bool
) -> None:
    path, other = tmp_path / "a.wav", tmp_path / "b.wav"
    file = WavFile(path, 24_000, append=False)
    other.symlink_to(path)
    file.write(ramp(100))
    for name in (path, other):
        with pytest.raises(DeviceError, match=f"{name} is being written by another output"):
            WavFile(name, 24_000, append=append)
    file.write(ramp(100, first=100))
    assert len(contents(path)) == 200
    file.close()
    WavFile(other, 24_000, append=append).close()
    assert len(contents(path)) == (200 if append else 0)


def test_what_is_no_file_has_any_number_of_writers() -> None:
    writers = [WavFile(Path(os.devnull), 24_000, append=False) for _ in range(2)]
    for each in writers:
        each.write(ramp(100))
        each.close()


def test_after_a_long_silence_all_of_an_answer_is_told_to_the_echo_canceller(
    tmp_path: Path,
) -> None:
    said = ramp(500 * MS)
    with stage(WavSink, path=tmp_path / "answer.wav", pace=PACE) as sink:

        def gaps() -> list[int]:
            frames = [each for each in sink.sent["far_end"] if isinstance(each, Audio)]
            jumps = [b.position - a.position - a.samples for a, b in pairwise(frames)]
            return [jump for jump in jumps if jump]

        # Ten seconds are half a second at this pace.
        sink.until(lambda: len(gaps()) >= 3)
        left_out = len(gaps())
        assert answer(sink, said).played_samples == len(said)
        sink.until(lambda: any(b"\1" in each.pcm for each in sink.sent["far_end"]))
        sink.until(
            lambda: sink.sent["far_end"][-1].pcm.count(0) == len(sink.sent["far_end"][-1].pcm)
        )
        heard = np.concatenate([to_samples(each.pcm) for each in sink.sent["far_end"]])
        assert len(gaps()) <= left_out + 1
    assert np.array_equal(heard[heard != 0], said[said != 0])
