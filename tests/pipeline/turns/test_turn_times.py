"""When the stages of a turn began and ended."""

from __future__ import annotations

from typing import Any

from pipeline.frames import (
    AnswerAudio,
    EndReason,
    Frame,
    Outcome,
    Playback,
    PlaybackState,
    SpeechEnded,
    SpeechStarted,
    TurnClosed,
    UserText,
)
from pipeline.turns.turn_times import KEPT_TURNS, LatencyStage, TurnClock

MS = 1_000_000
TURN = "local:0"


def spoke(at_ms: int, turn: str = TURN) -> SpeechStarted:
    return SpeechStarted(turn=turn, position=0, at_ns=at_ms * MS)


def asked(voiced_ms: int, told_ms: int) -> SpeechEnded:
    return SpeechEnded(
        turn=TURN,
        start_position=0,
        position=1,
        at_ns=voiced_ms * MS,
        sent_ns=told_ms * MS,
        reason=EndReason.SILENCE,
    )


def block(sent_ms: int, backend: str = "live") -> AnswerAudio:
    return AnswerAudio(
        turn=TURN, epoch=0, backend=backend, position=0, pcm=b"", sent_ns=sent_ms * MS
    )


def played(state: PlaybackState, at_ms: int, backend: str = "live") -> Playback:
    return Playback(
        turn=TURN, epoch=0, backend=backend, state=state, played_samples=0, at_ns=at_ms * MS
    )


def stages(*frames: Frame, **closed: Any) -> list[tuple[str, float, float]]:
    clock = TurnClock()
    for frame in frames:
        clock.on_frame(frame)
    times = clock.close(TurnClosed(turn=TURN, **({"outcome": Outcome.ANSWERED} | closed)))
    return [(each.stage.value, each.start_ns / MS, each.end_ns / MS) for each in times.stages()]


HEARD = (played(PlaybackState.STARTED, 2000), played(PlaybackState.FINISHED, 3000))


def test_each_stage_begins_where_the_one_before_ends() -> None:
    assert stages(spoke(0), asked(900, 1500), block(1800), block(1900), *HEARD) == [
        ("speech", 0, 900),
        ("endpointing", 900, 1500),
        ("backend", 1500, 1800),
        ("playout", 1800, 2000),
        ("playback", 2000, 3000),
    ]


def test_without_the_blocks_of_the_answer_backend_and_playout_are_one() -> None:
    assert (LatencyStage.ANSWER, 1500, 2000) in stages(spoke(0), asked(900, 1500), *HEARD)


def test_the_blocks_of_a_backend_that_was_not_heard_do_not_count() -> None:
    frames = (asked(900, 1500), block(1600, "live"), block(1900, "device"))
    heard = played(PlaybackState.STARTED, 2000, "device")
    assert (LatencyStage.BACKEND, 1500, 1900) in stages(*frames, heard)


def test_a_turn_without_an_answer_has_the_stages_until_it_was_asked() -> None:
    found = stages(spoke(0), asked(900, 1500), outcome=Outcome.FAILED)
    assert [stage for stage, *_ in found] == [LatencyStage.SPEECH, LatencyStage.ENDPOINTING]


def test_a_typed_turn_is_asked_when_the_line_is_complete() -> None:
    typed = UserText(turn=TURN, text="go", origin_ns=1200 * MS)
    assert stages(typed, *HEARD)[0] == (LatencyStage.ANSWER, 1200, 2000)


def test_who_does_not_hear_of_the_question_takes_its_time_from_the_verdict() -> None:
    assert stages(*HEARD, first_sound_ms=800.0)[0] == (LatencyStage.ANSWER, 1200, 2000)


def test_turns_that_nobody_closes_are_forgotten() -> None:
    clock = TurnClock()
    for index in range(KEPT_TURNS + 1):
        clock.on_frame(spoke(0, f"local:{index}"))
    forgotten, kept = (
        clock.close(TurnClosed(turn=f"local:{index}", outcome=Outcome.FAILED)) for index in (0, 1)
    )
    assert (forgotten.spoke_ns, kept.spoke_ns) == (None, 0)


def test_a_busy_session_makes_no_other_forget_its_turns() -> None:
    clock = TurnClock()
    clock.on_frame(spoke(0, "anna:0").model_copy(update={"session": "anna"}))
    for index in range(KEPT_TURNS + 1):
        clock.on_frame(spoke(0, f"bert:{index}").model_copy(update={"session": "bert"}))
    closed = TurnClosed(session="anna", turn="anna:0", outcome=Outcome.FAILED)
    assert clock.close(closed).spoke_ns == 0
