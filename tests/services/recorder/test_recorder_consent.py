"""Whoever opens a session says what of it may be recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorder_frames import description, taken

from actors.services.recorder.consent import HELD_FRAMES, HELD_NS, Consents, consents_of
from pipeline.bus.blocking_subscriber import Taken
from pipeline.frames import (
    ActorState,
    Audio,
    Frame,
    Health,
    RecordingConsent,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    Side,
    Transcript,
)

CALL = "call-1"


def frame(frame: Frame, seq: int = 0) -> Taken:
    return taken(frame, seq)


def opened(records: RecordingConsent, session: str = CALL) -> Taken:
    return frame(SessionOpened(session=session, records=records))


def sound(session: str = CALL) -> Taken:
    return frame(Audio(session=session, position=0, pcm=bytes(640)))


def words(session: str = CALL) -> Taken:
    names = {"session": session, "turn": f"{session}:0", "epoch": 0, "backend": "live"}
    return frame(Transcript(**names, side=Side.USER, text="go", final=True))


def heartbeat() -> Taken:
    return frame(Health(session="local", actor="vad", pid=1, state=ActorState.READY))


def recorded(consents: Consents, *frames: Taken) -> list[str]:
    """Types of those that are recorded."""
    return [each.frame["type"] for one in frames for each in consents.admit(one).record]


@pytest.mark.parametrize(
    ("records", "types"),
    [
        (RecordingConsent.ALL, ["session_opened", "audio", "transcript", "session_ended"]),
        (RecordingConsent.TEXT, ["session_opened", "transcript", "session_ended"]),
        (RecordingConsent.NOTHING, []),
    ],
)
def test_of_a_session_is_recorded_what_it_was_opened_with(
    records: RecordingConsent, types: list[str]
) -> None:
    ended = frame(SessionEnded(session=CALL, reason=SessionEnd.HUNG_UP))
    assert recorded(Consents("local"), opened(records), sound(), words(), ended) == types


def test_one_callers_refusal_is_not_anothers() -> None:
    consents = Consents("local")
    refuses = opened(RecordingConsent.NOTHING)
    allows = opened(RecordingConsent.ALL, "call-2")
    frames = (refuses, allows, sound(), sound("call-2"), sound("local"))
    assert recorded(consents, *frames) == ["session_opened", "audio", "audio"]


def test_what_comes_before_the_opening_waits_for_it() -> None:
    consents = Consents("local")
    assert consents.admit(sound()) == ([], 0)
    admitted = consents.admit(opened(RecordingConsent.ALL))
    assert [each.frame["type"] for each in admitted.record] == ["audio", "session_opened"]
    assert consents.admit(sound("call-2")) == ([], 0)
    assert consents.admit(opened(RecordingConsent.NOTHING, "call-2")) == ([], 2)


def test_what_nobody_opens_is_not_recorded_and_not_kept() -> None:
    consents = Consents("local")
    frames = [sound() for _ in range(HELD_FRAMES + 3)]
    assert sum(consents.admit(each).withheld for each in frames) == 3
    assert consents.expire(frames[-1].at_ns) == 0
    assert consents.expire(frames[-1].at_ns + HELD_NS + 1) == HELD_FRAMES
    assert recorded(consents, opened(RecordingConsent.ALL)) == ["session_opened"]


def test_heartbeats_wait_until_the_session_that_refused_is_over() -> None:
    consents = Consents("local")
    ended = frame(SessionEnded(session=CALL, reason=SessionEnd.HUNG_UP))
    refuses = opened(RecordingConsent.NOTHING)
    assert recorded(consents, heartbeat(), refuses, heartbeat(), ended) == ["health"]
    assert recorded(consents, heartbeat(), sound()) == ["health"]


def test_a_pipeline_without_sessions_records_as_before(tmp_path: Path) -> None:
    assert consents_of(description(tmp_path, live={"transcript": ["transcript"]})) is None
    told = description(tmp_path, supervisor={"sessions": ["session_opened", "session_ended"]})
    assert consents_of(told) is not None
