"""One player, many sessions, each with an output of its own."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from playing import MS, audio, ended, ramp, speech

from actors.lib.audio.pcm import Samples, to_samples
from actors.outputs.playout.chime import listening_chime
from actors.outputs.playout.failure_prompt import load_failure_prompt, packaged_prompt
from actors.outputs.virtual import VirtualSpeaker
from actors.outputs.wav_file import WavSink
from pipeline.frames import (
    Audio,
    Frame,
    ListenMode,
    ListenPhase,
    ListenStatus,
    Outcome,
    Playback,
    PlaybackState,
    SessionEnd,
    SessionEnded,
    TurnClosed,
)
from pipeline.testing import ActorHarness, stage

PACE = 20.0
PROMPT = load_failure_prompt(packaged_prompt(None), 24_000)


def of(session: str, frame: Frame) -> Frame:
    """The same frame, of a caller."""
    turn = getattr(frame, "turn", "").replace("local", session)
    return frame.model_copy(update={"session": session, **({"turn": turn} if turn else {})})


def say(player: ActorHarness, session: str, samples: Samples) -> None:
    player.send("audio", of(session, audio(samples)))
    player.send("answer", of(session, ended(len(samples))))


def finished(player: ActorHarness, session: str) -> Playback:
    return player.expect(
        "playback",
        Playback,
        where=lambda e: e.session == session and e.state is PlaybackState.FINISHED,
    )


def contents(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        heard = to_samples(file.readframes(-1))
    return heard[heard != 0]


def test_a_chime_is_heard_over_an_answer_and_by_itself(tmp_path: Path) -> None:
    """It is what is played, so the echo canceller hears it too; of the answer nothing is lost."""
    listening = ListenStatus(
        mode=ListenMode.WAKE_WORD, phase=ListenPhase.LISTENING, listens=True, position=0, chime=True
    )
    chime = listening_chime()

    def heard(player: ActorHarness) -> Samples:
        pieces = [to_samples(f.pcm) for f in player.sent["far_end"] if isinstance(f, Audio)]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)

    with stage(VirtualSpeaker, pace=PACE) as player:
        player.send("listening", listening.model_copy(update={"chime": False}))
        player.send("listening", listening)
        player.until(lambda: np.count_nonzero(heard(player)) > len(chime) * 0.9, "a chime")
        assert np.array_equal(np.trim_zeros(heard(player))[:2000], np.trim_zeros(chime)[:2000])
        say(player, "local", np.full(24_000, 100, np.int16))
        player.send("listening", listening)
        assert finished(player, "local").played_samples == 24_000
        assert player.actor.counters["chimes"] == 2


def test_sessions_are_played_side_by_side_and_each_is_reported_as_its_own() -> None:
    with stage(VirtualSpeaker, unheard=["far_end"]) as player:
        player.open("a")
        player.open("b")
        player.send("audio", of("a", audio(ramp(300 * MS))), of("b", audio(ramp(200 * MS))))
        player.send("answer", of("a", ended(300 * MS)), of("b", ended(200 * MS)))
        player.until(
            lambda: sum(e.state is PlaybackState.FINISHED for e in player.sent["playback"]) == 2
        )
        events = [e for e in player.sent["playback"] if e.state is not PlaybackState.PLAYING]
    assert [(e.session, e.turn, e.state, e.played_samples) for e in events] == [
        ("a", "a:100", PlaybackState.STARTED, 0),
        ("b", "b:100", PlaybackState.STARTED, 0),
        ("b", "b:100", PlaybackState.FINISHED, 200 * MS),
        ("a", "a:100", PlaybackState.FINISHED, 300 * MS),
    ]
    first_b, last_b, last_a = (e.at_ns for e in events[1:])
    assert last_b - first_b == 200_000_000
    assert last_a - first_b == 300_000_000


def test_who_interrupts_stops_nobody_elses_answer() -> None:
    with stage(VirtualSpeaker) as player:
        player.open("a")
        player.open("b")
        for session in ("a", "b"):
            player.send("audio", of(session, audio(np.full(24_000, 9_000, np.int16))))
            player.send("answer", of(session, ended(24_000)))
        player.expect("playback", Playback, where=lambda e: e.session == "b")
        player.send("speech", of("a", speech(200)))
        stopped = player.expect(
            "playback", Playback, where=lambda e: e.state is PlaybackState.INTERRUPTED
        )
        assert stopped.session == "a"
        assert finished(player, "b").played_samples == 24_000


def test_a_session_that_is_played_elsewhere_is_not_played_here() -> None:
    with stage(VirtualSpeaker) as player:
        player.open("a", plays=False)
        say(player, "a", ramp(100 * MS))
        player.expect_nothing("playback")
        assert player.actor.counters["not_played_here"] == 2


def test_each_caller_gets_a_file_if_asked_for(tmp_path: Path) -> None:
    with stage(WavSink, path=tmp_path / "a.wav", every_session=True, pace=PACE) as sink:
        sink.open("caller-7")
        sink.open("../tel:+49 30/7")
        say(sink, "local", ramp(100 * MS))
        say(sink, "caller-7", ramp(200 * MS))
        say(sink, "../tel:+49 30/7", ramp(300 * MS))
        finished(sink, "../tel:+49 30/7")
    assert np.array_equal(contents(tmp_path / "a.wav"), ramp(100 * MS))
    assert np.array_equal(contents(tmp_path / "a-caller-7.wav"), ramp(200 * MS))
    (odd,) = tmp_path.glob("a-*tel*.wav")
    assert np.array_equal(contents(odd), ramp(300 * MS))
    assert len(list(tmp_path.iterdir())) == 3


def test_callers_get_no_file_if_not(tmp_path: Path) -> None:
    with stage(WavSink, path=tmp_path / "a.wav", pace=PACE) as sink:
        sink.open("caller-7")
        say(sink, "caller-7", ramp(200 * MS))
        sink.expect_nothing("playback")
    assert len(list(tmp_path.iterdir())) == 1


def test_who_hangs_up_is_forgotten_and_may_call_again(tmp_path: Path) -> None:
    with stage(WavSink, path=tmp_path / "a.wav", every_session=True, pace=PACE) as sink:
        sink.open("caller-7")
        sink.send("speech", of("caller-7", speech(500)))
        say(sink, "caller-7", ramp(100 * MS))
        assert sink.actor.counters["late_dropped"] == 1
        sink.send("audio", of("caller-7", audio(ramp(100 * MS), turn="local:600")))
        sink.until(lambda: "caller-7" in sink.actor.checkpoint.get("playouts", {}))
        sink.end("caller-7")
        say(sink, "caller-7", ramp(100 * MS))
        assert "caller-7" not in sink.actor.checkpoint["playouts"]
        sink.open("caller-7")
        assert sink.actor.counters["ended"] == 2
        say(sink, "caller-7", ramp(200 * MS))
        assert finished(sink, "caller-7").played_samples == 200 * MS
    assert np.array_equal(contents(tmp_path / "a-caller-7.wav"), ramp(200 * MS))


def test_a_caller_whose_session_failed_is_told_so_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a-caller-7.wav"
    with stage(WavSink, path=tmp_path / "a.wav", every_session=True, pace=PACE) as sink:
        sink.open("caller-7")
        failed = TurnClosed(turn="local:100", outcome=Outcome.FAILED, reason="test")
        sink.send("turns", of("caller-7", failed))
        sink.end("caller-7")
        sink.until(lambda: len(contents(path)) == np.count_nonzero(PROMPT))
        sink.until(lambda: not sink.actor._leaving)


def test_a_player_that_was_killed_goes_on_with_every_session(tmp_path: Path) -> None:
    path = tmp_path / "a-caller-7.wav"
    said = ramp(1_000 * MS)
    with stage(WavSink, path=tmp_path / "a.wav", every_session=True) as first:
        first.open("caller-7")
        first.send("audio", of("caller-7", audio(said)))
        first.expect("playback", Playback, where=lambda e: e.state is PlaybackState.PLAYING)
        checkpoint = dict(first.actor.checkpoint)
    heard_before = checkpoint["playouts"]["caller-7"]["heard"][2]
    with stage(
        WavSink, path=tmp_path / "a.wav", every_session=True, checkpoint=checkpoint
    ) as second:
        second.open("caller-7")
        say(second, "caller-7", said)
        assert finished(second, "caller-7").played_samples == len(said)
    heard = contents(path)
    assert 0 < heard_before < len(said)
    assert np.array_equal(heard[-(len(said) - heard_before) :], said[heard_before:])


def test_an_output_that_fails_ends_its_session_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage(WavSink, path=tmp_path / "a.wav", every_session=True, pace=PACE) as sink:
        sink.open("bad")
        sink.open("good")
        bad = sink.actor.sessions["bad"]
        monkeypatch.setattr(bad, "render", lambda count, at_ns: 1 // 0)
        said_of_it = sink.expect("sessions", SessionEnded)
        assert (said_of_it.session, said_of_it.reason) == ("bad", SessionEnd.FAILED)
        assert "ZeroDivisionError" in said_of_it.detail
        say(sink, "good", ramp(100 * MS))
        assert finished(sink, "good").played_samples == 100 * MS


def test_a_file_that_cannot_be_written_ends_its_callers_session_and_no_other(
    tmp_path: Path,
) -> None:
    (tmp_path / "a-bad.wav").mkdir()
    with stage(WavSink, path=tmp_path / "a.wav", every_session=True, pace=PACE) as sink:
        sink.open("bad")
        assert "choose another path" in sink.expect("sessions", SessionEnded).detail
        sink.open("good")
        say(sink, "good", ramp(100 * MS))
        assert finished(sink, "good").played_samples == 100 * MS
