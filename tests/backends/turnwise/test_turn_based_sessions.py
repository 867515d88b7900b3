"""Sessions are opened with a manner of their own, and end without leaving anything behind."""

from __future__ import annotations

import gc
import weakref
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from backend_parrot import (
    SECOND,
    block,
    end_of,
    ended,
    parrot,
    route,
    samples,
    say,
    staged,
    started,
)

from actors.backends.turn_kind import SPEAK_FIRST, TurnKind
from actors.backends.turnwise.request import AnswerRequest, Part, Sound
from actors.backends.turnwise.session import TurnBasedSession
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Outcome,
    Route,
    SessionEnd,
    SessionEnded,
    Side,
    ToolCall,
    ToolOffer,
    ToolResult,
    ToolStatus,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.logs import get_logger
from pipeline.store import Store

MOVE = {"name": "move", "description": "Moves.", "parameters": {"type": "object"}}
BOOK = {"name": "book_table", "description": "Books.", "parameters": {"type": "object"}}


def on_disk(folder: Path) -> list[str]:
    store = Store(folder / "parrot.sqlite3", 1, get_logger("test"))
    try:
        return store.sessions()
    finally:
        store.close()


def converse(stage: Any, session: str) -> None:
    """A whole turn of a session, answered."""
    stage.send("route", Route(session=session, owner="parrot", epoch=1, reason="for the test"))
    stage.send("audio", block(0).model_copy(update={"session": session}))
    stage.send("speech", started(0, session), ended(0, 320, session))
    stage.expect("answer", AnswerEnded, lambda frame: frame.session == session)


def test_an_ended_session_leaves_nothing_in_memory_or_on_disk(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        route(stage, "parrot", 1)
        end_of(stage, say(stage, 0, 3200))
        stage.open("caller")
        converse(stage, "caller")
        stage.until(lambda: "caller" in on_disk(tmp_path), "it is on the disk")
        kept = weakref.ref(next(s for s in _sessions(stage) if s.name == "caller"))
        stage.end("caller")
        stage.until(lambda: "caller" not in on_disk(tmp_path), "it is gone from the disk")
        parrot(stage).requests.clear()
        gc.collect()
        assert kept() is None
    assert on_disk(tmp_path) == ["local"]


def test_a_session_of_a_name_that_was_ended_is_a_new_one(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        for _ in range(2):
            stage.open("caller")
            converse(stage, "caller")
            stage.end("caller")
        assert [request.history for request in parrot(stage).requests] == [(), ()]


def test_an_answer_in_progress_ends_with_its_session_without_a_word(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.open("caller")
        parrot(stage).go.clear()
        stage.send("route", Route(session="caller", owner="parrot", epoch=1, reason="test"))
        stage.send("audio", block(0).model_copy(update={"session": "caller"}))
        stage.send("speech", ended(0, 320, "caller"))
        stage.expect("audio", AnswerAudio)
        stage.end("caller")
        stage.until(lambda: parrot(stage).gone == ["caller:0"], "nobody makes it any more")
        stage.expect_nothing("answer")


def test_a_session_has_functions_of_its_own_beside_the_tools(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.send("offer", ToolOffer(tools=[MOVE]))
        own_move = {**MOVE, "description": "Moves the caller's cursor."}
        stage.open("one", functions=[BOOK])
        stage.open("two", functions=[own_move])
        for session in ("one", "two", "local"):
            stage.send("route", Route(session=session, owner="parrot", epoch=1, reason="test"))
            stage.send("text", UserText(session=session, turn=f"{session}:t1", text="Hello."))
        offered = {request.session: request.tools for request in parrot(stage).requests}
    assert offered == {"one": (BOOK, MOVE), "two": (own_move,), "local": (MOVE,)}


async def book(request: AnswerRequest) -> AsyncGenerator[Part, None]:
    await request.call("book_table", {"seats": 2})
    yield Sound(SECOND, 24_000)


def test_the_sessions_own_client_answers_its_functions(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        parrot(stage).answer = book  # type: ignore[method-assign]
        stage.open("one", functions=[BOOK])
        stage.send("route", Route(session="one", owner="parrot", epoch=1, reason="test"))
        stage.send("text", UserText(session="one", turn="one:t1", text="A table, please."))
        call = stage.expect("tool_calls", ToolCall)
        assert (call.session, call.name, call.args) == ("one", "book_table", {"seats": 2})
        booked = ToolResult(
            session="one", turn="one:t1", call_id=call.call_id, name=call.name, status=ToolStatus.OK
        )
        stage.send("results", booked)
        assert stage.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE


def test_a_bug_in_the_work_of_a_session_ends_that_session_and_no_other(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.open("caller")
        parrot(stage).fails = ZeroDivisionError("a bug")
        stage.send("route", Route(session="caller", owner="parrot", epoch=1, reason="test"))
        stage.send("text", UserText(session="caller", turn="caller:t1", text="Hello."))
        failed = stage.expect("answer", AnswerEnded)
        assert (failed.session, failed.end) == ("caller", AnswerEnd.FAILED)
        gone = stage.expect("sessions", SessionEnded)
        assert (gone.session, gone.reason) == ("caller", SessionEnd.FAILED)
        assert "a bug" in gone.detail
        parrot(stage).fails = None
        route(stage, "parrot", 1)
        assert end_of(stage, say(stage, 0, 3200)).end is AnswerEnd.COMPLETE


@pytest.mark.parametrize(
    ("functions", "complaint"),
    [
        ([{}], "functions.0: no name"),
        ([BOOK, {"name": "2nd"}], "functions.1 (2nd): a function's name has"),
        ([{"name": "x" * 1_000_000}], "a function's name has"),
        ([{"name": "f", "parameters": [1]}], "(f): parameters is no schema but a list"),
        ([{"name": "f", "parameters": {"type": "array"}}], "of the type object, not 'array'"),
        ([{"name": "f", "description": 7}], "its description is a text"),
        (
            [{"name": f"f{number}"} for number in range(200)],
            "up to 128 functions can be declared, not 200",
        ),
    ],
)
def test_functions_that_are_none_end_their_session_and_no_other(
    tmp_path: Path, functions: list[dict[str, Any]], complaint: str
) -> None:
    with staged(tmp_path) as stage:
        stage.open("caller", functions=functions)
        refused = stage.expect("sessions", SessionEnded)
        assert (refused.session, refused.reason) == ("caller", SessionEnd.FAILED)
        assert complaint in refused.detail
        assert len(refused.detail) < 500
        route(stage, "parrot", 1)
        assert end_of(stage, say(stage, 0, 3200)).end is AnswerEnd.COMPLETE


def test_a_session_whose_answers_nobody_plays_counts_as_heard(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        for session, plays in (("plays", True), ("silent", False)):
            stage.open(session, plays=plays)
            converse(stage, session)
            stage.send("text", UserText(session=session, turn=f"{session}:t9", text="And?"))
            stage.expect("answer", AnswerEnded, lambda f: f.turn.endswith(":t9"))
        history = {each.session: each.history for each in parrot(stage).requests}
    assert history["plays"] == ()
    assert history["silent"] == (("model", "Hello."),)


def test_who_takes_over_before_the_model_spoke_first_speaks_first_and_once(tmp_path: Path) -> None:
    for life in (1, 2):
        with staged(tmp_path) as stage:
            stage.open("anna", speaks_first=True)
            stage.send("route", Route(session="anna", owner="live", epoch=1, reason="test"))
            stage.expect_nothing("answer")
            stage.send("route", Route(session="anna", owner="parrot", epoch=2, reason="test"))
            if life == 1:
                ended = stage.expect("answer", AnswerEnded)
                assert (ended.turn, ended.end) == ("anna:first", AnswerEnd.COMPLETE)
                said = [f for f in stage.sent["transcript"] if isinstance(f, Transcript)]
                assert {f.side for f in said} == {Side.MODEL}, "the user said nothing"
                (request,) = parrot(stage).requests
                assert (request.kind, request.text) == (TurnKind.PROMPTED, SPEAK_FIRST)
                closed = TurnClosed(session="anna", turn="anna:first", outcome=Outcome.ANSWERED)
                stage.send("turns", closed)
            stage.expect_nothing("answer")


def test_who_speaks_before_the_model_is_answered_alone(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.open("anna", speaks_first=True)
        stage.send("text", UserText(session="anna", turn="anna:t1", text="Hello."))
        stage.send("route", Route(session="anna", owner="parrot", epoch=1, reason="test"))
        ends = [stage.expect("answer", AnswerEnded) for _ in range(2)]
        assert [(f.turn, f.end) for f in ends] == [
            ("anna:first", AnswerEnd.INTERRUPTED),
            ("anna:t1", AnswerEnd.COMPLETE),
        ]
        assert [request.text for request in parrot(stage).requests] == ["Hello."]


def test_ready_is_said_to_each_session(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.expect("status", BackendStatus, lambda f: f.state is BackendState.READY)
        stage.open("caller")
        status = stage.expect("status", BackendStatus)
        assert (status.session, status.state) == ("caller", BackendState.READY)


def _sessions(stage: Any) -> list[TurnBasedSession]:
    return list(stage.actor.sessions.states())


def test_sound_that_comes_before_it_serves_is_kept_as_sound_not_frame_by_frame(
    tmp_path: Path,
) -> None:
    with staged(tmp_path) as stage:
        # It has started, and does not run before the loop does.
        frames = [block(at) for at in range(0, 3200, 320)]
        for frame in frames:
            stage.actor.receive("audio", frame)
        kept = [weakref.ref(frame) for frame in frames]
        del frame, frames
        gc.collect()
        assert not [frame for frame in kept if frame() is not None]
        route(stage, "parrot", 1)
        stage.send("speech", started(0), ended(0, 3200))
        end_of(stage, "local:0")
        assert parrot(stage).requests[0].pcm == samples(0, 3200)
