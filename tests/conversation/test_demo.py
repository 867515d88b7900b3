"""What a person sees who starts greenroom for the first time."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from helpers import (
    DEMO,
    PATIENT_LIVE,
    PATIENT_ROUTE,
    SAID,
    journal,
    playing,
    recognise,
    words,
    write_config,
)

from pipeline.testing import running


@pytest.mark.cold
def test_the_demo_hears_the_command_moves_once_and_answers_aloud(tmp_path: Path) -> None:
    with running(DEMO, cwd=tmp_path) as pipeline:
        seen = pipeline.until(lambda status: status.turns_closed.get("answered") == 1, "an answer")
        calls = journal(pipeline)["sessions"][0]["tool_calls"]
        assert pipeline.wait() == 0
    output = pipeline.output
    assert seen.route is not None
    assert seen.route.owner == "live"
    assert [(c["name"], c["args"]) for c in calls] == [
        ("move", {"direction": "forward", "distance_m": 10})
    ]
    assert re.search(r"^you: .*ten meters", output, re.MULTILINE | re.IGNORECASE), output
    assert output.count("tool: move(") == 1
    assert "ended: every source has ended" in output
    heard = recognise(tmp_path / "out" / "answer.wav")
    assert "forward" in heard
    assert "meters" in heard


def wrong_words(heard: str, said: str) -> int:
    """The recogniser is not steady: of the same sound it makes "ninety" or "ninetied"."""
    pieces = SequenceMatcher(None, words(heard).split(), words(said).split(), autojunk=False)
    return len(words(said).split()) - sum(block.size for block in pieces.get_matching_blocks())


def test_each_recording_is_one_turn_with_one_answer_in_real_time(tmp_path: Path) -> None:
    items = [{"path": name, "start": "after_answer"} for name in SAID]
    actors = {"microphone": playing(*items), "live": {"options": PATIENT_LIVE}}
    config = write_config(tmp_path, {"actors": actors, "route": PATIENT_ROUTE})
    with running(config, cwd=tmp_path) as pipeline:
        pipeline.until(
            lambda status: status.turns_closed.get("answered") == len(SAID),
            "answers",
            patience_s=240,
        )
        turns = [t for s in journal(pipeline)["sessions"] for t in s["turns"]]
        assert pipeline.wait() == 0
    assert len(turns) == len(SAID)
    for turn, said in zip(turns, SAID.values(), strict=True):
        assert wrong_words(turn["heard"], said) <= 1, turn["heard"]
    assert {turn["outcome"] for turn in turns} == {"answered"}
    heard = recognise(tmp_path / "out" / "answer.wav")
    assert heard.count("you said") == len(SAID) - 1
