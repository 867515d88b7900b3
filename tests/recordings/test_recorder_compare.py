"""The turns of recordings, and what differs between two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from recorder_frames import description, taken

from actors.cli.compare import compare_command
from actors.recordings.comparison import Mark, compare, word_marks
from actors.recordings.conversation import RecordedTurn, turns_of
from actors.recordings.retiming import Retiming, ended
from actors.services.recorder.rotating_writer import RotatingWriter
from actors.services.recorder.rotation import RotationLimits
from pipeline.frames import (
    AnswerAudio,
    Audio,
    Frame,
    Image,
    Outcome,
    Side,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.frames.turns import EndReason

MS = 1_000_000
LIVE = {"epoch": 1, "backend": "live"}


def spoken(turn: str, **verdict: Any) -> list[Frame]:
    """A spoken turn as it is on the streams; times in ns."""
    closed: dict[str, Any] = {"outcome": Outcome.ANSWERED, "by": "live", "first_sound_ms": 900.0}
    return [
        SpeechStarted(turn=turn, position=0, at_ns=1 * MS, sent_ns=2 * MS),
        SpeechEnded(
            turn=turn,
            start_position=0,
            position=320,
            at_ns=100 * MS,
            reason=EndReason.SILENCE,
            sent_ns=700 * MS,
        ),
        Transcript(turn=turn, side=Side.USER, text=" go forward", sent_ns=800 * MS, **LIVE),
        AnswerAudio(turn=turn, position=0, pcm=b"\0\0", sent_ns=950 * MS, **LIVE),
        Transcript(turn=turn, side=Side.MODEL, text="going", sent_ns=960 * MS, **LIVE),
        TurnClosed(turn=turn, sent_ns=2000 * MS, **{**closed, **verdict}),
        Transcript(turn=turn, side=Side.MODEL, text=" forward.", sent_ns=2001 * MS, **LIVE),
    ]


def test_a_turn_has_its_words_outcome_and_latencies() -> None:
    assert turns_of(spoken("local:0")) == {
        "local:0": RecordedTurn(
            turn="local:0",
            said="go forward",
            answer="going forward.",
            outcome="answered",
            by="live",
            latency_ms={"detected": 600.0, "answered": 250.0, "first_sound": 900.0},
        )
    }


def test_a_turn_whose_end_is_not_in_the_recording_is_open() -> None:
    cut = [frame for frame in spoken("local:0") if not isinstance(frame, TurnClosed)][:3]
    (turn,) = turns_of(cut).values()
    assert (turn.outcome, turn.said, turn.answer) == ("open", "go forward", "")


def test_a_typed_turn_is_measured_from_its_line() -> None:
    typed = [
        UserText(turn="local:t5", text="hello", sent_ns=10 * MS, origin_ns=9 * MS),
        AnswerAudio(turn="local:t5", position=0, pcm=b"\0\0", sent_ns=60 * MS, **LIVE),
    ]
    (turn,) = turns_of(typed).values()
    assert (turn.said, turn.latency_ms) == ("hello", {"answered": 50.0})


def turn(name: str, **fields: Any) -> RecordedTurn:
    return RecordedTurn(name, **{"said": "go", "answer": "going", "outcome": "answered", **fields})


@pytest.mark.parametrize(
    ("other", "differences"),
    [
        ({}, []),
        ({"said": "Go."}, []),
        ({"latency_ms": {"first_sound": 5000.0}}, []),
        ({"said": "no"}, ["said"]),
        ({"answer": "going on", "by": "http"}, ["answer", "by"]),
        ({"outcome": "failed"}, ["outcome"]),
    ],
)
def test_turns_differ_in_words_outcome_or_backend_but_not_in_time_or_punctuation(
    other: dict[str, Any], differences: list[str]
) -> None:
    comparison = compare({"x": turn("x")}, {"x": turn("x", **other)})
    assert [pair.differences for pair in comparison.pairs] == [differences]
    assert comparison.same is not bool(differences)


def test_turns_of_one_side_stand_where_they_began() -> None:
    a = {name: turn(name) for name in ("1", "2", "4")}
    b = {name: turn(name) for name in ("0", "1", "3", "4")}
    comparison = compare(a, b)
    assert [pair.turn for pair in comparison.pairs] == ["0", "1", "3", "2", "4"]
    assert [bool(pair.differences) for pair in comparison.pairs] == [True, False, True, True, False]
    assert not comparison.same


def test_words_are_marked_by_the_side_that_has_them() -> None:
    assert word_marks("go forward ten meters", "Go backward, ten metres now") == [
        (Mark.BOTH, "go"),
        (Mark.ONLY_A, "forward"),
        (Mark.ONLY_B, "backward,"),
        (Mark.BOTH, "ten"),
        (Mark.ONLY_A, "meters"),
        (Mark.ONLY_B, "metres now"),
    ]


def recorded(path: Path, frames: list[Frame]) -> str:
    pipeline = description(path.parent, live={"transcript": ["transcript"]})
    writer = RotatingWriter(str(path), RotationLimits(), pipeline)
    for seq, frame in enumerate(frames):
        each = taken(frame, seq, "live", "transcript")
        writer.write(each)
    writer.close()
    return str(path)


def test_compare_shows_what_differs_and_says_so_in_its_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    a = recorded(tmp_path / "a.mcap", spoken("local:0"))
    failed = {"outcome": Outcome.FAILED, "by": "", "first_sound_ms": None}
    b = recorded(tmp_path / "b.mcap", spoken("local:0", **failed))
    assert compare_command(a, a, as_json=False) == 0
    assert "the same" in capsys.readouterr().out
    assert compare_command(a, b, as_json=False) == 1
    shown = capsys.readouterr().out
    for mark in ("[-answered-]", "{+failed+}", "900 → -", "1 of 1 turns differ"):
        assert mark in shown
    assert compare_command(a, b, as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["turns"][0]["differences"] == ["outcome", "by"]
    assert found["median_latency_ms"]["first_sound"] == {"a": 900.0, "b": None}


def test_replayed_frames_keep_positions_and_relative_times() -> None:
    timing = Retiming(first_ns=1000 * MS, begun_ns=5000 * MS, pace=4)
    block = Audio(position=640, pcm=b"\0\0", origin_ns=1400 * MS, sent_ns=1401 * MS, seq=3)
    moved = timing.frame(block)
    assert isinstance(moved, Audio)
    assert (moved.position, moved.pcm, moved.origin_ns) == (640, b"\0\0", 5100 * MS)
    started = SpeechStarted(turn="local:0", position=0, at_ns=800 * MS)
    moved_start = timing.frame(started)
    assert isinstance(moved_start, SpeechStarted)
    assert (moved_start.at_ns, moved_start.origin_ns) == (4950 * MS, 0)


def test_the_last_block_of_a_broken_recording_ends_the_stream() -> None:
    block = ended(Audio(position=0, pcm=b"\0\0"))
    assert isinstance(block, Audio)
    assert block.final
    picture = Image(jpeg=b"\xff", width=1, height=1)
    assert ended(picture) is picture
