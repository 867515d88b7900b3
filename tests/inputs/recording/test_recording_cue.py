"""When the next file begins, by tables."""

import pytest

from actors.inputs.recording.cue import (
    KEPT_EVERY,
    AnswerTimes,
    CueDecision,
    FileProgress,
    SendingState,
    judge,
)
from actors.inputs.recording.options import RecordingOptions

S = 1_000_000_000
BEGAN = 160_000
"""The file before began at 10 s and ended at 13 s."""
SINCE = 208_000
SINCE_NS = 13 * S

WAIT, BEGIN, GIVE_UP = CueDecision.WAIT, CueDecision.BEGIN, CueDecision.GIVE_UP


def verdict(
    start: str, at_s: float, *, delay_s: float = 0.0, answers: AnswerTimes | None = None
) -> CueDecision:
    options = RecordingOptions.model_validate(
        {
            "files": ["before.wav", {"path": "next.wav", "start": start, "delay_s": delay_s}],
            "gap_s": 0.5,
        }
    )
    progress = FileProgress(SendingState.WAITING, round(at_s * 16_000), 1, 0, SINCE, BEGAN)
    return judge(progress, answers or AnswerTimes("local"), options, SINCE_NS, round(at_s * S))


def closed(position_s: float, at_s: float) -> AnswerTimes:
    return AnswerTimes("local", closed_ns={round(position_s * 16_000): round(at_s * S)})


def started(position_s: float, at_s: float) -> AnswerTimes:
    return AnswerTimes("local", started_ns={round(position_s * 16_000): round(at_s * S)})


@pytest.mark.parametrize(
    ("case", "at_s", "delay_s", "expected"),
    [
        ("within the gap", 13.48, 0.0, WAIT),
        ("after the gap", 13.5, 0.0, BEGIN),
        ("within the delay", 14.48, 1.0, WAIT),
        ("after the delay", 14.5, 1.0, BEGIN),
    ],
)
def test_at_once(case: str, at_s: float, delay_s: float, expected: CueDecision) -> None:
    assert verdict("at_once", at_s, delay_s=delay_s) is expected


@pytest.mark.parametrize(
    ("case", "answers", "at_s", "delay_s", "expected"),
    [
        ("no answer yet", AnswerTimes("local"), 20, 0.0, WAIT),
        ("no answer in time", AnswerTimes("local"), 43, 0.0, GIVE_UP),
        ("answered just now", closed(10.5, 20.0), 20.08, 0.0, WAIT),
        ("answered", closed(10.5, 20.0), 20.1, 0.0, BEGIN),
        ("the pre-roll reaches before the file", closed(9.8, 20.0), 20.1, 0.0, BEGIN),
        ("within the delay", closed(10.5, 20.0), 21.98, 2.0, WAIT),
        ("after the delay", closed(10.5, 20.0), 22.0, 2.0, BEGIN),
        ("an earlier turn does not count", closed(5.0, 20.0), 21, 0.0, WAIT),
        ("nor one closed within the file", closed(10.5, 12.0), 21, 0.0, WAIT),
        ("a late answer before giving up", closed(10.5, 42.0), 43.0, 0.0, BEGIN),
    ],
)
def test_after_answer(
    case: str, answers: AnswerTimes, at_s: float, delay_s: float, expected: CueDecision
) -> None:
    assert verdict("after_answer", at_s, delay_s=delay_s, answers=answers) is expected


@pytest.mark.parametrize(
    ("case", "answers", "at_s", "delay_s", "expected"),
    [
        ("nothing heard yet", AnswerTimes("local"), 20, 0.5, WAIT),
        ("nothing heard in time", AnswerTimes("local"), 43, 0.5, GIVE_UP),
        ("heard just now", started(10.5, 15.0), 15.48, 0.5, WAIT),
        ("in mid-answer", started(10.5, 15.0), 15.5, 0.5, BEGIN),
        ("the answer was there before the file ended", started(10.5, 12.8), 13.3, 0.5, BEGIN),
        ("an earlier answer does not count", started(5.0, 15.0), 16, 0.5, WAIT),
    ],
)
def test_during_answer(
    case: str, answers: AnswerTimes, at_s: float, delay_s: float, expected: CueDecision
) -> None:
    assert verdict("during_answer", at_s, delay_s=delay_s, answers=answers) is expected


def test_the_first_file_waits_for_nothing() -> None:
    options = RecordingOptions.model_validate(
        {"files": [{"path": "a.wav", "start": "after_answer"}], "gap_s": 5}
    )

    assert judge(FileProgress(), AnswerTimes("local"), options, 0, 0) is BEGIN


@pytest.mark.parametrize(
    ("now", "is_far"),
    [
        (FileProgress(SendingState.PLAYING, position=320, item=2), False),
        (FileProgress(SendingState.PLAYING, position=KEPT_EVERY - 1, item=2), False),
        (FileProgress(SendingState.PLAYING, position=KEPT_EVERY, item=2), True),
        (FileProgress(SendingState.TAIL, position=320, item=2), True),
        (FileProgress(SendingState.PLAYING, position=320, item=3), True),
    ],
)
def test_a_checkpoint_is_renewed_after_a_second_and_where_something_else_begins(
    now: FileProgress, is_far: bool
) -> None:
    assert now.is_far_from(FileProgress(SendingState.PLAYING, item=2)) is is_far
