"""A conversation that is not in English, from Live to http to the device."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.language_talk import ALIKE, TALKS, heard_aloud, write_talk
from pipeline.frames import Status
from pipeline.testing import running


def three_answers(status: Status) -> bool:
    return status.turns_closed.get("answered") == 3


@pytest.mark.parametrize(
    "base", ["ar", *(pytest.param(each, marks=pytest.mark.slow) for each in ("de", "hi", "ja"))]
)
def test_live_then_http_then_the_device_answer_in_it(tmp_path: Path, base: str) -> None:
    talk = TALKS[base]
    with running(write_talk(tmp_path, talk), cwd=tmp_path) as pipeline:
        pipeline.until(three_answers, "three answers", patience_s=120)
        assert pipeline.wait() == 0
    lines = [
        line for line in pipeline.output.splitlines() if line.startswith(("you: ", "gemini: "))
    ]
    assert lines == [
        f"you: {talk.asked[0]}",
        f"gemini: {talk.answers[0]}",
        f"you: {talk.asked[1]}",
        f"gemini: {talk.answers[1]}",
        f"gemini: {talk.last.written}",
    ]
    heard = heard_aloud(talk, tmp_path / "out" / "answer.wav")
    assert list(heard) == talk.aloud
    assert min(heard.values()) > ALIKE, heard
