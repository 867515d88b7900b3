"""An actor alone is sent nothing before it has given what brought that about."""

from __future__ import annotations

from actors.recordings.feeding import PATIENCE_S, Feeder
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Frame,
    Outcome,
    Playback,
    PlaybackState,
    SessionEnd,
    SessionEnded,
    SpeechStarted,
    ToolCall,
    ToolResult,
    ToolStatus,
    TurnClosed,
    UserText,
)

CALL = ToolCall(turn="a", call_id="1", name="move")
RESULT = ToolResult(turn="a", call_id="1", name="move", status=ToolStatus.OK)
SOUND = AnswerAudio(turn="a", epoch=1, backend="live", position=0, pcm=b"")
ENDED = AnswerEnded(turn="a", epoch=1, backend="live", end=AnswerEnd.COMPLETE)
HEARD = Playback(
    turn="a",
    epoch=1,
    backend="live",
    state=PlaybackState.STARTED,
    played_samples=0,
    at_ns=1,
)
CLOSED = TurnClosed(turn="a", outcome=Outcome.ANSWERED, by="live")


def feeder(*recorded: Frame) -> tuple[Feeder, list[tuple[str, Frame]]]:
    got: list[tuple[str, Frame]] = []
    return Feeder("live", recorded, lambda port, frame: got.append((port, frame))), got


def test_each_effect_waits_for_its_cause() -> None:
    for cause, effect in ((CALL, RESULT), (SOUND, HEARD), (ENDED, CLOSED)):
        held, got = feeder(CALL, SOUND, ENDED)
        held.feed("in", effect, 0.0)
        assert got == []
        held.gave(cause)
        held.flush(0.1)
        assert got == [("in", effect)]


def test_what_comes_on_the_same_port_waits_behind_and_on_another_it_does_not() -> None:
    held, got = feeder(CALL)
    held.feed("results", RESULT, 0.0)
    held.feed("results", CLOSED, 0.0)
    held.feed("turns", CLOSED, 0.0)
    assert got == [("turns", CLOSED)]
    held.gave(CALL)
    held.flush(0.1)
    assert got[1:] == [("results", RESULT), ("results", CLOSED)]


def test_what_the_actor_never_gave_is_not_waited_for() -> None:
    held, got = feeder(SOUND)
    held.feed("results", RESULT, 0.0)
    held.feed("playback", HEARD.model_copy(update={"backend": "http"}), 0.0)
    assert len(got) == 2


def test_a_changed_actor_is_not_waited_for_without_end() -> None:
    held, got = feeder(CALL)
    held.feed("results", RESULT, 0.0)
    held.flush(PATIENCE_S - 0.1)
    assert got == []
    held.flush(PATIENCE_S)
    assert got == [("results", RESULT)]


def test_the_user_interrupts_an_answer_where_it_was_interrupted() -> None:
    sounds = [
        AnswerAudio(turn="a", epoch=1, backend="live", position=n, pcm=b"..", sent_ns=10 * n + 10)
        for n in range(3)
    ]
    held, got = feeder(*sounds)
    spoke = SpeechStarted(turn="b", position=1, at_ns=1, sent_ns=25)
    held.feed("speech", spoke, 0.0)
    held.gave(sounds[0])
    held.flush(0.1)
    assert got == []
    held.gave(sounds[1])
    held.flush(0.2)
    assert got == [("speech", spoke)]


def test_who_speaks_after_an_answer_does_not_speak_over_it() -> None:
    said = (
        SpeechStarted(turn="b", position=1, at_ns=1, sent_ns=25),
        UserText(turn="t", text="And?", sent_ns=25),
    )
    for frame in said:
        held, got = feeder(SOUND, ENDED.model_copy(update={"sent_ns": 24}))
        held.gave(SOUND)
        held.feed("in", frame, 0.0)
        assert got == []
        held.gave(ENDED)
        held.flush(0.1)
        assert got == [("in", frame)]


def test_a_session_ends_when_all_else_of_it_is_delivered_and_no_other_waits_for_that() -> None:
    end = SessionEnded(session="a", reason=SessionEnd.HUNG_UP)
    held, got = feeder(CALL)
    held.feed("results", RESULT.model_copy(update={"session": "a"}), 0.0)
    held.feed("sessions", end, 0.0)
    held.feed("sessions", end.model_copy(update={"session": "b"}), 0.0)
    assert [frame.session for _, frame in got] == ["b"]
    held.gave(CALL)
    held.flush(0.1)
    held.flush(0.2)
    assert [type(frame) for _, frame in got] == [SessionEnded, ToolResult, SessionEnded]


def test_who_hangs_up_over_an_answer_does_so_where_it_was_then() -> None:
    sound = SOUND.model_copy(update={"pcm": bytes(2), "sent_ns": 1})
    held, got = feeder(sound)
    end = SessionEnded(session="a", reason=SessionEnd.HUNG_UP, sent_ns=2)
    held.feed("sessions", end, 0.0)
    assert got == []
    held.gave(sound)
    held.flush(0.1)
    assert got == [("sessions", end)]
