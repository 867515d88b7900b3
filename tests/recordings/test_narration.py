"""A recording in words."""

from __future__ import annotations

from actors.recordings.messages import RecordedMessage
from actors.recordings.narration import NarrationLine, Weight, narrated
from pipeline.frames import Frame, Outcome, Side, Status, Transcript, TurnClosed

S = 1_000_000_000
LIVE = {"turn": "local:0", "epoch": 1, "backend": "live", "final": True}


def sent(at_s: float, frame: Frame) -> tuple[RecordedMessage, Frame]:
    return RecordedMessage("live", "x", b"", round(at_s * S), 0), frame


def status() -> Status:
    return Status(pipeline="test", version="1", uptime_s=1, ready=True, actors=[])


def test_words_are_late_by_the_time_of_the_recording() -> None:
    failed = TurnClosed(turn="local:0", outcome=Outcome.FAILED, reason="live broke off")
    lines = narrated(
        [
            sent(1, Transcript(side=Side.MODEL, text="Going.", **LIVE)),
            sent(2, failed),
            sent(4, status()),
            sent(6, status()),
        ]
    )
    assert list(lines) == [
        NarrationLine(2 * S, Weight.ERROR, "turn", "failed: live broke off"),
        NarrationLine(6 * S, Weight.INFO, "gemini", "Going."),
    ]


def test_what_is_still_owed_comes_at_the_end() -> None:
    (line,) = narrated([sent(1, Transcript(side=Side.MODEL, text="Going.", **LIVE))])
    assert (line.who, line.text) == ("gemini", "Going.")
