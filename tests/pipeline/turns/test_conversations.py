"""Many sessions at once: each with its route and its account, and what concerns them all."""

from __future__ import annotations

import pytest

from pipeline.config.model import PipelineConfig
from pipeline.frames import (
    Allowance,
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
    Frame,
    Outcome,
    Route,
    TurnClosed,
    UserText,
)
from pipeline.turns import conversations
from pipeline.turns.conversations import Conversations

S = 1_000_000_000
BACKENDS = ("live", "http", "device")


@pytest.fixture
def talks() -> Conversations:
    config = PipelineConfig.model_validate(
        {
            "name": "test",
            "actors": {name: {"use": name} for name in BACKENDS},
            "route": {"backends": list(BACKENDS)},
        }
    )
    made = Conversations(config, hears=False, now_ns=0)
    for session in ("local", "anna", "bert"):
        for backend in BACKENDS:
            made.take(status(session, backend, BackendState.READY), 0)
    return made


def status(session: str, backend: str, state: BackendState) -> BackendStatus:
    return BackendStatus(session=session, backend=backend, state=state)


def fault(session: str, kind: FaultClass) -> Fault:
    return Fault(session=session, backend="live", fault=kind, reason="so it says", retry=True)


def typed(session: str, number: int = 1) -> UserText:
    return UserText(session=session, turn=f"{session}:t{number}", text="hello")


def answered(session: str, number: int = 1) -> AnswerEnded:
    turn = f"{session}:t{number}"
    return AnswerEnded(
        session=session, turn=turn, epoch=1, backend="live", end=AnswerEnd.COMPLETE, samples=1
    )


def routes(said: list[TurnClosed | Route]) -> dict[str, str]:
    return {each.session: each.owner for each in said if isinstance(each, Route)}


@pytest.mark.parametrize("first", [typed("new"), status("new", "live", BackendState.CONNECTING)])
def test_a_session_has_its_route_from_the_first_that_is_heard_of_it(
    talks: Conversations, first: Frame
) -> None:
    (route,) = talks.take(first, S)
    assert isinstance(route, Route)
    assert (route.session, route.owner, route.epoch) == ("new", "live", 1)
    assert talks.take(typed("new", 2), S) == []


def test_turns_are_closed_in_the_session_they_belong_to(talks: Conversations) -> None:
    for session in ("anna", "bert", "local"):
        talks.take(typed(session), S)
    assert talks.open_turns() == 3
    (closed,) = talks.take(answered("anna"), 2 * S)
    assert isinstance(closed, TurnClosed)
    assert (closed.session, closed.outcome) == ("anna", Outcome.ANSWERED)
    assert talks.open_turns() == 2
    late = talks.tick(100 * S)
    assert {each.session for each in late if isinstance(each, TurnClosed)} == {"bert", "local"}
    assert talks.outcomes() == {"answered": 1, "failed": 2}


def test_a_fault_of_the_key_moves_every_session(talks: Conversations) -> None:
    moved = talks.take(fault("anna", FaultClass.QUOTA), S)
    assert routes(moved) == {"local": "http", "anna": "http", "bert": "http"}
    (route,) = talks.take(typed("new"), S)
    assert isinstance(route, Route)
    assert (route.owner, route.reason) == ("http", "live is not to be asked")


def test_a_fault_of_a_connection_moves_only_its_session(talks: Conversations) -> None:
    assert talks.take(fault("anna", FaultClass.NETWORK), S) == []
    moved = talks.take(status("anna", "live", BackendState.UNAVAILABLE), S)
    assert routes(moved) == {"anna": "http"}
    (route,) = talks.take(typed("new"), S)
    assert isinstance(route, Route)
    assert route.owner == "live"


def test_a_fault_of_a_session_that_is_over_opens_none(talks: Conversations) -> None:
    talks.take(fault("gone", FaultClass.NETWORK), S)
    assert "gone" not in talks.sessions()


def test_budgets_concern_every_session(talks: Conversations) -> None:
    moved = talks.take(Allowance(refused={"live": "used up"}, last_resort=["live"]), S)
    assert routes(moved) == {"local": "http", "anna": "http", "bert": "http"}
    (route,) = talks.take(typed("new"), S)
    assert isinstance(route, Route)
    assert route.owner == "http"


def test_the_end_of_a_process_concerns_every_session(talks: Conversations) -> None:
    talks.take(typed("anna"), S)
    talks.died("http", S)
    moved = talks.take(status("anna", "live", BackendState.UNAVAILABLE), S)
    assert routes(moved) == {"anna": "device"}, "http is not there to take the turn"


def test_a_silent_session_is_dropped_once_its_turns_are_closed_and_stays_in_the_account(
    talks: Conversations,
) -> None:
    talks.take(typed("anna"), S)
    talks.take(answered("anna"), 2 * S)
    later_ns = 2 * S + conversations.SILENT_NS
    talks.take(typed("bert"), later_ns)
    talks.tick(later_ns)
    assert talks.sessions() == ["local", "anna", "bert"]
    talks.tick(later_ns + S)
    assert talks.sessions() == ["local", "bert"]
    assert talks.outcomes() == {"answered": 1}
    talks.tick(later_ns * 3)
    talks.tick(later_ns * 3 + S)
    assert talks.sessions() == ["local"], "its turn failed first"
    assert talks.outcomes() == {"answered": 1, "failed": 1}


def test_a_session_that_comes_back_goes_on_with_a_newer_epoch(talks: Conversations) -> None:
    moved = talks.take(status("anna", "live", BackendState.UNAVAILABLE), S)
    assert [each.epoch for each in moved if isinstance(each, Route)] == [2]
    talks.tick(S + conversations.SILENT_NS + S)
    assert "anna" not in talks.sessions()
    (route,) = talks.take(typed("anna"), 2 * conversations.SILENT_NS)
    assert isinstance(route, Route)
    assert (route.owner, route.epoch) == ("live", 3)


def test_with_too_many_sessions_the_one_silent_for_longest_makes_room(
    talks: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "MOST_SESSIONS", 3)
    talks.take(typed("anna"), S)
    talks.take(answered("bert"), 2 * S)
    talks.take(typed("c"), 3 * S)
    talks.take(typed("d"), 4 * S)
    assert talks.sessions() == ["local", "anna", "c", "d"], "anna waits for an answer"


def test_the_run_is_hopeless_only_when_every_session_is(talks: Conversations) -> None:
    bad_key = {"fault": FaultClass.AUTH, "reason": "no such key", "retry": False}
    for session in ("local", "anna", "bert"):
        assert talks.hopeless() is None
        for backend in BACKENDS:
            talks.take(Fault.model_validate({"session": session, "backend": backend, **bad_key}), S)
            talks.take(status(session, backend, BackendState.UNAVAILABLE), S)
    found = talks.hopeless()
    assert found is not None
    assert (found.session, found.backend) == ("bert", "live"), "the newest word of it"
