"""Many sessions at once: each with its route and its account, and what concerns them all."""

from __future__ import annotations

from typing import Any

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
    Outcome,
    Playback,
    PlaybackState,
    Route,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    SpeechStarted,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.sessions import PlaybackScope
from pipeline.turns import route
from pipeline.turns.breaker import BreakerState
from pipeline.turns.callers import KEPT_CALLERS
from pipeline.turns.open_sessions import OpenSessions, Told
from pipeline.turns.supervised_session import FAREWELL_NS, FINISHING_NS

S = 1_000_000_000
BACKENDS = ("live", "http", "device")


@pytest.fixture
def sessions() -> OpenSessions:
    return with_callers(made(), "anna", "bert")


def test_an_answer_that_nobody_asked_for_and_that_fails_is_given_to_nobody_else(
    sessions: OpenSessions,
) -> None:
    failed = AnswerEnded(
        session="local",
        turn="local:u500",
        epoch=1,
        backend="live",
        end=AnswerEnd.FAILED,
        detail="cut off",
    )
    said = sessions.handle("live", failed, S)
    (closed,) = [frame for frame in said if isinstance(frame, TurnClosed)]
    assert (closed.outcome, closed.reason) == (Outcome.FAILED, "cut off")
    assert not [frame for frame in said if isinstance(frame, Route)]


def test_an_answer_that_nobody_asked_for_keeps_its_outcome_when_the_route_changes(
    sessions: OpenSessions,
) -> None:
    sessions.handle("live", fault("local", FaultClass.QUOTA), S)
    (closed,) = sessions.handle("speaker", heard("local:u500", 1, PlaybackState.INTERRUPTED), S)
    assert isinstance(closed, TurnClosed)
    assert closed.outcome is Outcome.INTERRUPTED


def test_what_a_backend_left_unspoken_is_given_to_the_next_and_the_account_has_both_parts(
    sessions: OpenSessions,
) -> None:
    def words(text: str, backend: str, epoch: int) -> Transcript:
        return Transcript(
            session="local", turn="local:t1", epoch=epoch, backend=backend, side="model", text=text
        )

    sessions.handle("console", typed("local"), S)
    sessions.handle("live", words("It is ten. ", "live", 1), S)
    cut = answered("local").model_copy(
        update={"end": AnswerEnd.FAILED, "detail": "no sound", "unspoken": "And it rains."}
    )
    (route,) = [each for each in sessions.handle("live", cut, S) if isinstance(each, Route)]
    assert (route.owner, route.unspoken) == ("http", {"local:t1": "And it rains."})
    sessions.handle("http", words("And it rains.", "http", 2), S)
    whole = answered("local").model_copy(update={"epoch": 2, "backend": "http"})
    said = sessions.handle("http", whole, S)
    (closed,) = [each for each in said if isinstance(each, TurnClosed)]
    assert (closed.outcome, closed.answer) == (Outcome.ANSWERED, "It is ten. And it rains.")
    assert sessions.own.route_frame().unspoken == {}


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


def heard(turn: str, epoch: int, state: PlaybackState = PlaybackState.STARTED) -> Playback:
    return Playback(
        session=turn.partition(":")[0],
        turn=turn,
        epoch=epoch,
        backend="live",
        state=state,
        played_samples=5,
        at_ns=S,
    )


def routes(said: list[Told]) -> dict[str, str]:
    return {each.session: each.owner for each in said if isinstance(each, Route)}


def opened(session: str, **manner: Any) -> SessionOpened:
    return SessionOpened(session=session, **manner)


def ended(session: str, reason: SessionEnd = SessionEnd.HUNG_UP) -> SessionEnded:
    return SessionEnded(session=session, reason=reason)


def test_a_session_that_is_opened_is_told_to_all_and_has_a_route(sessions: OpenSessions) -> None:
    told, route = sessions.handle("gateway", opened("new", voice="Kore"), S)
    assert told == opened("new", voice="Kore", plays=False), "nobody here plays it"
    assert isinstance(route, Route)
    assert (route.session, route.owner, route.epoch) == ("new", "live", 1)
    assert sessions.handle("x", typed("new", 2), S) == []
    assert sessions.names() == ["local", "anna", "bert", "new"]


def test_frames_of_a_session_that_nobody_opened_open_none(sessions: OpenSessions) -> None:
    assert sessions.handle("x", typed("stranger"), S) == []
    assert sessions.counters["unopened"] == 1
    assert "stranger" not in sessions


def test_turns_are_closed_in_the_session_they_belong_to(sessions: OpenSessions) -> None:
    for session in ("anna", "bert", "local"):
        sessions.handle("x", typed(session), S)
    assert sessions.open_turns() == 3
    (closed,) = sessions.handle("x", answered("anna"), 2 * S)
    assert isinstance(closed, TurnClosed)
    assert (closed.session, closed.outcome) == ("anna", Outcome.ANSWERED)
    assert sessions.open_turns() == 2
    late = sessions.tick(100 * S)
    assert {each.session for each in late if isinstance(each, TurnClosed)} == {"bert", "local"}
    assert sessions.outcomes() == {"answered": 1, "failed": 2}


def test_a_fault_of_the_key_moves_every_session(sessions: OpenSessions) -> None:
    moved = sessions.handle("x", fault("anna", FaultClass.QUOTA), S)
    assert routes(moved) == {"local": "http", "anna": "http", "bert": "http"}
    _, route = sessions.handle("gateway", opened("new"), S)
    assert isinstance(route, Route)
    assert (route.owner, route.reason) == ("http", "live is not to be asked")


def test_a_fault_of_a_connection_moves_only_its_session(sessions: OpenSessions) -> None:
    assert sessions.handle("x", fault("anna", FaultClass.NETWORK), S) == []
    moved = sessions.handle("x", status("anna", "live", BackendState.UNAVAILABLE), S)
    assert routes(moved) == {"anna": "http"}
    _, route = sessions.handle("gateway", opened("new"), S)
    assert isinstance(route, Route)
    assert route.owner == "live"


def test_where_only_callers_speak_an_answer_to_one_proves_the_backend_to_the_next() -> None:
    manner = {"callers_only": True, "idle_s": 7200}
    sessions = with_callers(made(PlaybackScope.ALL, sessions=manner), "anna")
    sessions.handle("vad", typed("anna"), 0)
    assert set(routes(sessions.handle("live", fault("anna", FaultClass.QUOTA), 0)).values()) == {
        "http"
    }
    sessions.handle("gateway", heard("anna:t1", 1), 0)
    assert sessions.own.state.backends["live"].breaker is BreakerState.OPEN, "it was made before"
    later_ns = 3600 * S
    assert routes(sessions.tick(later_ns)) == {"local": "live", "anna": "live"}
    sessions.handle("vad", typed("anna", 2), later_ns)
    sessions.handle("gateway", heard("anna:t2", 3), later_ns)
    assert sessions.own.state.backends["live"].breaker is BreakerState.CLOSED
    assert sessions.own.state.backends["live"].fault is None


@pytest.mark.parametrize(
    ("kind", "breaker"),
    [(FaultClass.QUOTA, BreakerState.HALF_OPEN), (FaultClass.AUTH, BreakerState.CLOSED)],
)
def test_an_answer_of_another_model_proves_the_service_and_not_the_model_of_the_others(
    kind: FaultClass, breaker: BreakerState
) -> None:
    manner = {"callers_only": True, "idle_s": 7200}
    sessions = with_callers(made(PlaybackScope.ALL, sessions=manner))
    sessions.handle("live", fault("local", kind), 0)
    later_ns = 3601 * S
    sessions.tick(later_ns)
    sessions.handle("gateway", opened("anna", model="gemini-9"), later_ns)
    sessions.handle("x", status("anna", "live", BackendState.READY), later_ns)
    sessions.handle("vad", typed("anna"), later_ns)
    sessions.handle("gateway", heard("anna:t1", 1), later_ns)
    assert sessions.own.state.backends["live"].breaker is breaker


def test_budgets_concern_every_session(sessions: OpenSessions) -> None:
    moved = sessions.handle("x", Allowance(refused={"live": "used up"}, last_resort=["live"]), S)
    assert routes(moved) == {"local": "http", "anna": "http", "bert": "http"}
    _, route = sessions.handle("gateway", opened("new"), S)
    assert isinstance(route, Route)
    assert route.owner == "http"


def test_the_end_of_a_process_concerns_every_session(sessions: OpenSessions) -> None:
    sessions.handle("x", typed("anna"), S)
    sessions.died("http", S)
    moved = sessions.handle("x", status("anna", "live", BackendState.UNAVAILABLE), S)
    assert routes(moved) == {"anna": "device"}, "http is not there to take the turn"


def test_a_silent_session_ends_once_its_turns_are_closed_and_stays_in_the_account(
    sessions: OpenSessions,
) -> None:
    sessions.handle("x", typed("anna"), S)
    sessions.handle("x", answered("anna"), 2 * S)
    later_ns = 2 * S + 600 * S
    sessions.handle("x", typed("bert"), later_ns)
    assert sessions.tick(later_ns) == []
    (end,) = sessions.tick(later_ns + S)
    assert isinstance(end, SessionEnded)
    assert (end.session, end.reason) == ("anna", SessionEnd.IDLE)
    assert sessions.names() == ["local", "bert"]
    assert sessions.outcomes() == {"answered": 1}
    closed, end = (each for each in sessions.tick(later_ns * 3) if not isinstance(each, Route))
    assert isinstance(closed, TurnClosed)
    assert isinstance(end, SessionEnded), "its turn failed first"
    assert sessions.names() == ["local"]
    assert sessions.outcomes() == {"answered": 1, "failed": 1}


def test_a_session_that_comes_back_goes_on_with_a_newer_epoch(sessions: OpenSessions) -> None:
    moved = sessions.handle("x", status("anna", "live", BackendState.UNAVAILABLE), S)
    assert [each.epoch for each in moved if isinstance(each, Route)] == [2]
    sessions.handle("gateway", ended("anna"), 2 * S)
    assert "anna" not in sessions
    _, route = sessions.handle("gateway", opened("anna"), 3 * S)
    assert isinstance(route, Route)
    assert (route.owner, route.epoch) == ("live", 3)


def test_more_sessions_than_the_cap_are_refused_in_words() -> None:
    tree = {"name": "test", "actors": {"x": {"use": "x"}}, "sessions": {"most": 2}}
    sessions = OpenSessions(PipelineConfig.model_validate(tree), heard=PlaybackScope.NONE, now_ns=0)
    for name in ("a", "b"):
        sessions.handle("gateway", opened(name), 0)
    (refused,) = sessions.handle("gateway", opened("c"), 0)
    assert isinstance(refused, SessionEnded)
    assert (refused.session, refused.reason) == ("c", SessionEnd.REFUSED)
    assert "2 sessions are open" in refused.detail
    sessions.handle("gateway", ended("a"), 0)
    assert isinstance(sessions.handle("gateway", opened("c"), 0)[0], SessionOpened)
    assert sessions.names() == ["local", "b", "c"], "the config's own is not counted"


def test_the_run_is_hopeless_only_when_every_session_is(sessions: OpenSessions) -> None:
    bad_key = {"fault": FaultClass.AUTH, "reason": "no such key", "retry": False}
    for second, session in enumerate(("local", "anna", "bert"), 1):
        assert sessions.hopeless() is None
        for backend in BACKENDS:
            fields = {"session": session, "backend": backend, **bad_key}
            sessions.handle("x", Fault.model_validate(fields), second * 2 * S)
            sessions.handle("x", status(session, backend, BackendState.UNAVAILABLE), S)
    found = sessions.hopeless()
    assert found is not None
    assert (found.session, found.backend) == ("bert", "live"), "the newest word of it"


def made(heard: PlaybackScope = PlaybackScope.NONE, **fields: Any) -> OpenSessions:
    """Sessions of a config with three backends."""
    tree = {
        "name": "test",
        "actors": {name: {"use": name} for name in BACKENDS},
        "route": {"backends": list(BACKENDS)},
        **fields,
    }
    return OpenSessions(PipelineConfig.model_validate(tree), heard=heard, now_ns=0)


def with_callers(sessions: OpenSessions, *callers: str) -> OpenSessions:
    """Open sessions of callers; in each, and in the config's own, every backend is ready."""
    for session in ("local", *callers):
        if session in callers:
            sessions.handle("gateway", opened(session), 0)
        for backend in BACKENDS:
            sessions.handle("x", status(session, backend, BackendState.READY), 0)
    return sessions


def test_an_answer_that_nobody_plays_is_complete_when_it_is_sent() -> None:
    sessions = made(heard=PlaybackScope.ALL)
    sessions.handle("gateway", opened("text", plays=False), 0)
    sessions.handle("gateway", opened("voice"), 0)
    for session in ("text", "voice"):
        sessions.handle("x", typed(session), S)
        sessions.handle("x", answered(session), 2 * S)
    assert sessions.outcomes() == {"answered": 1}, "the one with a player has still to be heard"
    assert sessions.open_turns() == 1


@pytest.mark.parametrize("heard", [PlaybackScope.NONE, PlaybackScope.OWN])
def test_a_caller_whom_no_player_takes_is_answered_when_the_answer_is_sent(
    heard: PlaybackScope,
) -> None:
    """As in a pipeline with a speaker, which plays to the room."""
    sessions = made(heard=heard)
    told, _ = sessions.handle("gateway", opened("voice", plays=True), 0)
    assert isinstance(told, SessionOpened)
    assert not told.plays, "backends wait for no report either"
    sessions.handle("x", typed("voice"), S)
    sessions.handle("x", answered("voice"), 2 * S)
    assert sessions.outcomes() == {"answered": 1}


def test_the_own_session_is_still_heard_by_a_player_of_its_own() -> None:
    sessions = made(heard=PlaybackScope.OWN)
    sessions.handle("x", typed("local"), S)
    sessions.handle("x", answered("local"), 2 * S)
    assert sessions.open_turns() == 1, "not before the speaker has played it"


def test_a_session_that_failed_ends_when_its_turns_have_and_its_player_could_say_so(
    sessions: OpenSessions,
) -> None:
    sessions.handle("x", typed("anna"), S)
    closed, *_ = sessions.handle("vad", ended("anna", SessionEnd.FAILED), 2 * S)
    assert isinstance(closed, TurnClosed)
    assert (closed.outcome, closed.session) == (Outcome.FAILED, "anna")
    assert "failed" in closed.reason
    assert "anna" in sessions
    assert sessions.handle("http", ended("anna", SessionEnd.FAILED), 3 * S) == []
    end = sessions.tick(2 * S + FAREWELL_NS)[-1]
    assert isinstance(end, SessionEnded)
    assert (end.session, end.reason) == ("anna", SessionEnd.FAILED)
    assert sessions.names() == ["local", "bert"]


def test_who_hangs_up_in_mid_turn_has_interrupted_it(sessions: OpenSessions) -> None:
    sessions.handle("x", typed("anna"), S)
    closed, end = sessions.handle("gateway", ended("anna"), 2 * S)
    assert isinstance(closed, TurnClosed)
    assert (closed.outcome, end) == (Outcome.INTERRUPTED, ended("anna"))


def test_a_session_whose_source_died_waits_for_it_and_then_ends(sessions: OpenSessions) -> None:
    assert not any(isinstance(each, SessionEnded) for each in sessions.died("gateway", S))
    sessions.handle("gateway", opened("anna"), 20 * S)
    sessions.died("another", 21 * S)
    assert sessions.tick(31 * S) == []
    (end,) = (each for each in sessions.tick(32 * S) if isinstance(each, SessionEnded))
    assert (end.session, end.reason) == ("bert", SessionEnd.SOURCE_LOST), "anna was claimed again"
    assert "gateway died" in end.detail


def test_a_session_lasts_as_long_as_it_may(sessions: OpenSessions) -> None:
    sessions.handle("gateway", opened("brief", lasts_s=5.0), S)
    sessions.tick(6 * S)
    assert "brief" in sessions
    (end,) = (each for each in sessions.tick(7 * S) if isinstance(each, SessionEnded))
    assert (end.session, end.reason) == ("brief", SessionEnd.TIME_OVER)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"session": "n" * 1_000_000}, "a session's name has 1 to 200 characters, not 1000000"),
        ({"session": "x", "instruction": "i" * 1_000_000}, "an instruction has up to 100000"),
        ({"session": "x", "functions": [{"no": "name"}]}, "functions.0: no name"),
        ({"session": "x", "functions": [{"name": "f", "parameters": 7}]}, "functions.0 (f)"),
        ({"session": "x", "functions": [{"name": "f"}, {"name": "f"}]}, "is declared twice"),
        ({"session": "x", "functions": [{"name": "go now"}]}, "go now"),
        (
            {"session": "x", "functions": [{"name": "f", "parameters": {"type": "string"}}]},
            "(f): parameters is of the type object, not 'string'",
        ),
        ({"session": "x", "labels": {"id": "x" * 100_000}}, "labels"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_words(
    sessions: OpenSessions, wrong: dict[str, Any], why: str
) -> None:
    (refused,) = sessions.handle("gateway", SessionOpened(**wrong), S)
    assert isinstance(refused, SessionEnded)
    assert refused.reason is SessionEnd.REFUSED
    assert why in refused.detail
    assert len(refused.session) <= 200
    assert sessions.names() == ["local", "anna", "bert"]


def test_a_model_that_is_to_speak_first_owes_a_turn(sessions: OpenSessions) -> None:
    said = sessions.handle("gateway", opened("carl", speaks_first=True, plays=False), S)
    assert routes(said) == {"carl": "live"}
    for backend in BACKENDS:
        sessions.handle("x", status("carl", backend, BackendState.READY), S)
    said = sessions.tick(8 * S)
    assert routes(said) == {"carl": "http"}, "live has not begun in time"
    first = AnswerEnded(
        session="carl", turn="carl:first", epoch=2, backend="http", end=AnswerEnd.COMPLETE
    )
    closed = [e for e in sessions.handle("x", first, 9 * S) if isinstance(e, TurnClosed)]
    assert [(e.turn, e.outcome, e.by) for e in closed] == [("carl:first", Outcome.ANSWERED, "http")]


def test_what_is_said_twice_or_of_nobody_is_counted_and_changes_nothing(
    sessions: OpenSessions,
) -> None:
    assert sessions.handle("gateway", opened("anna", voice="Puck"), S) == []
    assert sessions.handle("gateway", ended("nobody"), S) == []
    assert len(sessions.handle("gateway", ended("anna"), S)) == 1
    assert sessions.handle("gateway", ended("anna"), S) == []
    assert sessions.handle("gateway", ended("local"), S) == [], "the config's own goes on"
    assert sessions.counters == {"opened": 2, "opened_again": 1, "ended_unopened": 3}
    assert sessions.names() == ["local", "bert"]


def test_ten_thousand_sessions_are_refused_but_for_as_many_as_may_be_open() -> None:
    sessions = made()
    said = [each for n in range(10_000) for each in sessions.handle("g", opened(f"s{n}"), S)]
    assert sum(isinstance(each, SessionOpened) for each in said) == 300
    assert sum(isinstance(each, SessionEnded) for each in said) == 9_700
    assert len(sessions) == 301


def test_a_fault_that_every_session_reports_steps_every_session_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sessions = made()
    names = [f"s{number}" for number in range(100)]
    for name in names:
        sessions.handle("gateway", opened(name), 0)
    steps: list[str] = []
    inner = route.step

    def step(state: Any, event: Any, now_s: float) -> Any:
        steps.append(type(event).__name__)
        return inner(state, event, now_s)

    monkeypatch.setattr(route, "step", step)
    for name in names:
        sessions.handle("x", fault(name, FaultClass.QUOTA), S)
    assert len(steps) == 101 + 99, "all of them at the first report, then each its own"
    steps.clear()
    sessions.handle("x", fault("s0", FaultClass.QUOTA), 120 * S)
    assert len(steps) == 101, "a new one is news for all"


def test_the_newest_callers_are_told_of_with_their_turns_and_their_end(
    sessions: OpenSessions,
) -> None:
    labels = {"business": "42"}
    sessions.handle("gateway", opened("carl", labels=labels), S)
    sessions.handle("gateway", ended("carl"), 3 * S)
    shown, left_out = sessions.callers(5 * S)
    assert left_out == 0
    assert [(each.session, each.ended) for each in shown] == [
        ("carl", "hung_up"),
        ("anna", ""),
        ("bert", ""),
    ]
    assert (shown[0].labels, shown[0].lasted_s) == (labels, 2.0)
    for number in range(KEPT_CALLERS):
        sessions.handle("gateway", opened(f"c{number}"), S)
        sessions.handle("gateway", ended(f"c{number}"), S)
    shown, left_out = sessions.callers(5 * S)
    assert (len(shown), left_out) == (KEPT_CALLERS, 3)
    assert shown[-1].session == "bert", "those that are still there come last"


def test_who_has_used_up_a_budget_ends_after_the_answer_under_way(sessions: OpenSessions) -> None:
    used_up = SessionEnded(session="anna", reason=SessionEnd.BUDGET, detail="used up")
    speaks = SpeechStarted(session="anna", turn="anna:0", position=0, at_ns=S)
    sessions.handle("vad", speaks, S)
    assert sessions.handle("budget", used_up, 2 * S) == []
    assert sessions.tick(3 * S) == []
    answered = AnswerEnded(
        session="anna", turn="anna:0", epoch=9, backend="live", end=AnswerEnd.COMPLETE
    )
    said = [*sessions.handle("live", answered, 4 * S), *sessions.tick(5 * S)]
    assert [type(each) for each in said] == [TurnClosed, SessionEnded]
    assert "anna" not in sessions
    # One that never comes to its end is not waited for for ever; one who is silent goes at once.
    sessions.handle("vad", speaks.model_copy(update={"session": "bert", "turn": "bert:0"}), 5 * S)
    bert = used_up.model_copy(update={"session": "bert"})
    assert sessions.handle("budget", bert, 6 * S) == []
    late = sessions.tick(6 * S + FINISHING_NS)
    assert [type(each) for each in late] == [TurnClosed, SessionEnded]


@pytest.mark.parametrize("kind", [FaultClass.QUOTA, FaultClass.MODEL])
def test_the_fault_of_a_model_is_told_to_those_who_asked_for_it(
    sessions: OpenSessions, kind: FaultClass
) -> None:
    for name in ("carl", "dora"):
        sessions.handle("gateway", opened(name, model="gemini-9"), S)
        for backend in BACKENDS:
            sessions.handle("x", status(name, backend, BackendState.READY), S)
    moved = routes(sessions.handle("live", fault("carl", kind), 2 * S))
    assert moved == {"carl": "http", "dora": "http"}
    moved = routes(sessions.handle("live", fault("anna", kind), 2 * S))
    assert moved == {"local": "http", "anna": "http", "bert": "http"}, "no report is taken for two"


def test_who_asks_for_a_model_begins_with_what_is_known_of_the_service_alone(
    sessions: OpenSessions,
) -> None:
    sessions.handle("live", fault("local", FaultClass.QUOTA), S)
    assert routes(sessions.handle("gateway", opened("carl", model="gemini-9"), S)) == {
        "carl": "live"
    }
    assert routes(sessions.handle("gateway", opened("dora"), S)) == {"dora": "http"}
    sessions.handle("live", fault("local", FaultClass.AUTH), 2 * S)
    assert routes(sessions.handle("gateway", opened("emil", model="gemini-9"), 2 * S)) == {
        "emil": "http"
    }


def test_a_model_that_a_caller_asked_for_and_is_not_there_is_its_own_matter(
    sessions: OpenSessions,
) -> None:
    sessions.handle("gateway", opened("carl", model="gemini-9"), S)
    missing = Fault(backend="live", fault=FaultClass.MODEL, reason="no such model", retry=False)
    mine = missing.model_copy(update={"session": "carl"})
    assert set(routes(sessions.handle("live", mine, 2 * S))) <= {"carl"}
    everybodys = missing.model_copy(update={"session": "anna"})
    assert {"anna", "bert", "local"} <= set(routes(sessions.handle("live", everybodys, 3 * S)))
