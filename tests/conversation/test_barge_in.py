"""Speaking over the answer."""

from __future__ import annotations

from pathlib import Path

from helpers import journal, playing, words, write_config

from pipeline.testing import running


def test_the_answer_stops_and_the_second_question_is_answered_f12(tmp_path: Path) -> None:
    second = {"path": "cards-003.wav", "start": "during_answer", "delay_s": 0.5}
    config = write_config(tmp_path, {"actors": {"microphone": playing("austen-0870.wav", second)}})
    with running(config, cwd=tmp_path) as pipeline:
        status = pipeline.until(lambda s: sum(s.turns_closed.values()) == 2, "both turns")
        first, last = journal(pipeline)["sessions"][0]["turns"]
        assert pipeline.wait() == 0
    assert status.turns_closed == {"interrupted": 1, "answered": 1}
    assert first["outcome"] == "interrupted"
    assert words(last["heard"]) == "seven of clubs"
    assert last["outcome"] == "answered"
