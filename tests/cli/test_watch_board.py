"""What `top` and `dashboard` make of the frames of a pipeline."""

from __future__ import annotations

import pytest
from watched import (
    MS,
    TURN,
    actor,
    block,
    closed,
    described,
    ended,
    heard,
    played,
    routed,
    said,
    started,
    status,
)

from actors.cli.top import panels
from actors.cli.watch.board import Board
from actors.cli.watch.rows import STAGES, headline
from pipeline.frames import Outcome, PlaybackState, Side
from pipeline.turns.turn_times import LatencyStage

SECOND = 1000 * MS


def board() -> Board:
    return Board(described(), 0)


def test_streams_have_rate_and_age_and_health_is_none_of_them() -> None:
    top = board()
    for seq in range(50):
        top.on_frame("microphone", "audio", heard(seq, seq * 20, age_ms=10), seq * 20 * MS)
    top.read(SECOND)
    reading = top.readings["microphone.audio"]
    assert (reading.rate_hz, reading.age_p50_ms, reading.age_p99_ms) == (50, 10, 10)
    assert "microphone.health" not in top.readings
    assert top.readings["live.audio"].rate_hz == 0


def test_streams_that_were_silent_from_the_beginning_come_last() -> None:
    top = board()
    top.on_frame("live", "audio", block(0), 0)
    names = [each.name for each in top.streams]
    assert names[:2] == ["live.audio", "microphone.audio"]
    assert names[-1] == "supervisor.status"


def test_drops_of_a_stream_are_those_of_its_listeners() -> None:
    top = board()
    counters = {"audio.expired": 3, "speech.lost": 4, "audio.spoken": 7}
    vad = actor("vad", counters={"audio.superseded": 2, "audio.duplicate": 9})
    top.on_frame("supervisor", "status", status(vad, actor("live", counters=counters)), 0)
    by_name = {each.name: top.drops(each) for each in top.streams}
    assert by_name["microphone.audio"] == 5
    assert by_name["vad.speech"] == 4
    assert by_name["live.audio"] == 0


def test_a_turn_shows_where_its_time_went() -> None:
    top = board()
    top.on_frame("vad", "speech", started(0), 0)
    top.on_frame("microphone", "audio", heard(0, 1490, age_ms=30), 0)
    top.on_frame("vad", "speech", ended(900, 1500), 0)
    top.on_frame("live", "audio", block(1800), 0)
    top.on_frame("speaker", "playback", played(PlaybackState.STARTED, 2000), 0)
    top.on_frame("supervisor", "turns", closed(), 0)
    top.on_frame("speaker", "playback", played(PlaybackState.FINISHED, 3500), 0)
    top.read(SECOND)
    (row,) = top.turns
    assert row.capture_ms == 30
    assert row.stages_ms == {
        LatencyStage.SPEECH: 900,
        LatencyStage.ENDPOINTING: 570,
        LatencyStage.BACKEND: 300,
        LatencyStage.PLAYOUT: 200,
        LatencyStage.PLAYBACK: 1500,
    }
    shown = row.capture_ms + sum(row.stages_ms[stage] for stage in STAGES)
    assert shown == row.closed.first_sound_ms


def test_a_turn_is_shown_when_all_of_it_must_have_come() -> None:
    top = board()
    top.on_frame("supervisor", "turns", closed(), 900 * MS)
    top.read(SECOND)
    assert not top.turns
    top.read(2 * SECOND)
    top.read(3 * SECOND)
    assert [row.closed.turn for row in top.turns] == [TURN]


def test_words_come_from_the_transcript_once() -> None:
    top = board()
    top.on_frame("live", "transcript", said(Side.USER, "go forward"), 0)
    top.on_frame("live", "transcript", said(Side.MODEL, "Going."), 0)
    top.on_frame("supervisor", "turns", closed(said="go forward", answer="Going."), 0)
    assert list(top.lines) == [("you", "go forward"), ("gemini", "Going.")]


def test_words_from_before_it_listened_come_from_the_verdict() -> None:
    top = board()
    verdict = closed(said="go", answer="Going.", outcome=Outcome.FAILED, reason="lost")
    top.on_frame("supervisor", "turns", verdict, 0)
    assert list(top.lines) == [("you", "go"), ("gemini", "Going."), ("turn", "failed: lost")]


def test_an_answer_does_not_wait_for_ever_for_the_words_of_the_user() -> None:
    top = board()
    top.on_frame("live", "transcript", said(Side.MODEL, "Going."), 0)
    top.on_frame("supervisor", "turns", closed(), 0)
    top.read(SECOND)
    assert not top.lines
    top.read(4 * SECOND)
    assert list(top.lines) == [("gemini", "Going.")]


def test_a_level_is_that_of_the_loudest_block_until_it_is_looked_at() -> None:
    top = board()
    for seq, peak in enumerate([328, 3277, 33]):
        top.on_frame("microphone", "audio", heard(seq, seq * 20, peak=peak), 0)
    assert top.levels["microphone.audio"] == pytest.approx(-20, abs=0.1)
    top.quieten()
    top.on_frame("microphone", "audio", heard(3, 60, peak=328), 0)
    assert top.levels["microphone.audio"] == pytest.approx(-40, abs=0.1)


def test_the_route_keeps_its_history() -> None:
    top = board()
    top.on_frame("supervisor", "route", routed("live", 0, "first"), 0)
    top.on_frame("supervisor", "route", routed("device", 1, "live is away"), 0)
    assert [route.owner for route in top.routes] == ["live", "device"]


def test_a_supervisor_that_is_silent_is_said_to_be() -> None:
    top = board()
    assert headline(top) == "waiting for the supervisor"
    top.on_frame("supervisor", "status", status(), 0)
    assert "live answers" in headline(top)
    top.read(10 * SECOND)
    assert headline(top).startswith("no word from the supervisor for 10 s")


def test_what_was_said_cannot_steer_the_terminal() -> None:
    assert panels.plain("\x1b[2J[red]go\x07[/red]").plain == "[2J[red]go[/red]"
