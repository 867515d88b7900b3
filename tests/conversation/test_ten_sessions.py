"""Ten callers at once on real processes, each on a course of its own: none lost, none mixed up."""

from __future__ import annotations

from pathlib import Path

import yaml
from helpers import Microphone, counter, journal, said, turns_of, words

from pipeline.frames import AnswerAudio, Outcome, SpeechStarted, TurnClosed
from pipeline.testing import running

MARKS = {
    "goforward.wav": "meters",
    "cards-001.wav": "ten of clubs",
    "cards-003.wav": "seven of clubs",
}
"""What is heard in one of them and in no other."""
TALKERS = {
    "t0": "cards-001.wav",
    "t1": "cards-001.wav",
    "t2": "cards-001.wav",
    "t3": "cards-003.wav",
    "t4": "cards-001.wav",
    "t5": "cards-003.wav",
}
"""They ask once, all at the same time."""
INTERRUPTER, HURRIED, SILENT, RETURNING, REFUSED = (
    "interrupter",
    "hurried",
    "silent",
    "back",
    "late",
)
"""Who speaks over an answer, hangs up in mid-word, says nothing, comes back, and comes too late."""
LONG = "I will tell you all that I know of it, and that is a good deal, so have patience. " * 3
PATIENCE_S = 30
"""The simulator understands one after the other, on this machine."""
LOST = ("lost", "stale", "garbage", "unopened", "sessions_failed", "turns_cut_short")


def config(folder: Path) -> Path:
    scenario = folder / "scenario.yaml"
    rule = {"when": {"heard": MARKS["goforward.wav"]}, "do": [{"say": LONG}]}
    scenario.write_text(yaml.safe_dump({"rules": [rule]}))
    inputs = {
        "audio": "microphone.audio",
        "speech": "vad.speech",
        "route": "supervisor.route",
        "turns": "supervisor.turns",
    }
    actors = {
        "simulator": {"use": "simulator", "options": {"scenario": str(scenario)}},
        "microphone": {"use": "microphone"},
        "vad": {"use": "vad", "inputs": {"audio": "microphone.audio"}},
        "live": {
            "use": "live",
            "after": ["simulator"],
            "inputs": inputs,
            "options": {
                "server_file": "simulator.json",
                "first_sound_timeout_s": PATIENCE_S,
                "stall_timeout_s": PATIENCE_S,
            },
        },
    }
    tree = {
        "name": "ten",
        "route": {"backends": ["live"], "first_sound_s": PATIENCE_S, "stall_s": PATIENCE_S},
        "sessions": {"most": 10},
        "actors": actors,
    }
    path = folder / "ten.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def serving(caller: str) -> str:
    """The instruction by which the connections of a caller are known."""
    return f"You serve {caller}."


def check_words(turn: TurnClosed, recording: str) -> None:
    """It was answered, with its own words, and nobody else's are in it."""
    assert turn.outcome is Outcome.ANSWERED, str(turn)
    for text in (words(turn.said), words(turn.answer)):
        assert [name for name, mark in MARKS.items() if mark in text] == [recording], str(turn)


def test_ten_callers_are_each_served_whatever_the_others_do(tmp_path: Path) -> None:
    callers = [*TALKERS, INTERRUPTER, HURRIED, SILENT, RETURNING]
    with (
        running(config(tmp_path), "--external", "microphone") as pipeline,
        Microphone(pipeline, {b"\x01@vad:audio", b"\x01@live:audio"}) as microphone,
    ):
        for caller in callers:
            microphone.open(caller, plays=False, instruction=serving(caller))
        pipeline.until(lambda status: status.sessions == 11, "ten callers and the own session")
        microphone.send(said("cards-001.wav"), 0, REFUSED)
        pipeline.until(lambda status: status.session_counts.get("refused") == 1, "the refusal")

        # All speak; one hangs up in the middle of a word, another without any.
        microphone.send(said("goforward.wav")[: 2 * 16_000], 0, HURRIED)
        for caller, recording in TALKERS.items():
            microphone.send(said(recording), 0, caller)
        microphone.send(said("goforward.wav"), 0, INTERRUPTER)
        microphone.send(said("cards-001.wav"), 0, RETURNING)
        pipeline.frame(
            "vad",
            "speech",
            lambda frame: isinstance(frame, SpeechStarted) and frame.session == HURRIED,
        )
        microphone.end(HURRIED)
        microphone.end(SILENT)

        # One speaks over its answer, as soon as there is some of it.
        pipeline.frame(
            "live",
            "audio",
            lambda frame: isinstance(frame, AnswerAudio) and frame.session == INTERRUPTER,
        )
        microphone.send(said("cards-003.wav"), 0, INTERRUPTER)

        for caller, recording in TALKERS.items():
            (turn,) = turns_of(pipeline, caller, 1)
            check_words(turn, recording)
        interrupted, next_one = turns_of(pipeline, INTERRUPTER, 2)
        assert interrupted.outcome is Outcome.INTERRUPTED, interrupted
        check_words(next_one, "cards-003.wav")
        # Nothing is retained of who has hung up.
        assert f"{HURRIED} turn: interrupted: the session ended: hung_up" in pipeline.output

        # One hangs up, and is another caller when it comes back.
        check_words(turns_of(pipeline, RETURNING, 1)[0], "cards-001.wav")
        microphone.end(RETURNING)
        pipeline.until(lambda status: status.sessions == 8, "three have hung up")
        microphone.open(RETURNING, plays=False, instruction=serving(RETURNING))
        # Sound that comes to an actor before the end of the session before is that session's.
        pipeline.until(lambda status: status.sessions == 9, "the session of the one who is back")
        microphone.send(said("cards-003.wav"), 0, RETURNING)
        check_words(turns_of(pipeline, RETURNING, 1)[0], "cards-003.wav")

        status = pipeline.until(lambda status: status.turns_open == 0, "every turn closed")
        connections = journal(pipeline)["sessions"]
    assert status.turns_closed == {"answered": len(TALKERS) + 3, "interrupted": 2}
    assert status.sessions == 9
    assert status.session_counts["opened"] == len(callers) + 1
    lines = [line.split() for line in pipeline.output.splitlines()]
    for caller in (*callers, RETURNING):
        assert [caller, "session:", "opened"] in lines
        assert any(line[:1] == [caller] and line[2:3] == ["s"] for line in lines), "at the end"
    assert all(each.restarts == 0 for each in status.actors)
    for actor in ("vad", "live"):
        for name in LOST:
            assert counter(status, actor, name) == 0, (actor, name)
    # On the connections of each nobody else was heard; nobody refused had one.
    heard: dict[str, set[str]] = {}
    for each in connections:
        text = " ".join(words(turn["heard"]) for turn in each["turns"])
        instruction = each["setup"].get("systemInstruction", {"parts": [{"text": ""}]})
        marks = {name for name, mark in MARKS.items() if mark in text}
        heard.setdefault(instruction["parts"][0]["text"], set()).update(marks)
    both = {"cards-001.wav", "cards-003.wav"}
    assert heard == {
        "": set(),
        **{serving(caller): {recording} for caller, recording in TALKERS.items()},
        serving(INTERRUPTER): {"goforward.wav", "cards-003.wav"},
        serving(HURRIED): set(),
        serving(SILENT): set(),
        serving(RETURNING): both,
    }
