"""The actor over the real SDK: a project takes no more sessions than it may have open at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from live_server import Talker, ready, simulator, staged

from pipeline.frames import (
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
)

ONE, TWO = "AIza-key-of-project-one-0123456789", "AIza-key-of-project-two-0123456789"


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_ONE", ONE)
    monkeypatch.setenv("KEY_TWO", TWO)


def projects(limit: int | None) -> dict[str, Any]:
    return {
        "projects": [
            {"name": "one", "api_key_env": ["KEY_ONE"], "live_sessions": limit},
            {"name": "two", "api_key_env": ["KEY_TWO"], "live_sessions": limit},
        ]
    }


def is_in(live: Any, session: str, state: BackendState = BackendState.READY) -> None:
    live.expect("status", BackendStatus, lambda f: (f.session, f.state) == (session, state))


def fault_of(live: Any, session: str) -> Fault:
    fault = live.expect("faults", Fault)
    assert isinstance(fault, Fault)
    assert fault.session == session
    return fault


@pytest.mark.parametrize("declared", [1, None])
def test_what_one_project_has_no_place_for_is_served_by_the_next(
    tmp_path: Path, declared: int | None
) -> None:
    """Declared, nobody knocks in vain; if it is not, the service refuses, and nobody notices."""
    with (
        simulator(tmp_path, live_sessions=1) as server,
        staged(tmp_path, **server.address, **projects(declared)) as live,
    ):
        ready(live)
        talker = Talker(live, "anna")
        is_in(live, "anna")
        talker.say()
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        live.expect_nothing("faults")
        assert len(server.journal.sessions) == (2 if declared else 3)
        assert live.actor.counters["faults_concurrency"] == (0 if declared else 1)


@pytest.mark.parametrize("declared", [1, None])
def test_who_finds_no_place_is_told_and_gets_one_when_a_session_ends(
    tmp_path: Path, declared: int | None
) -> None:
    with (
        simulator(tmp_path, live_sessions=1) as server,
        staged(tmp_path, **server.address, **projects(declared)) as live,
    ):
        ready(live)
        live.open("anna")
        is_in(live, "anna")
        live.open("bert")
        fault = fault_of(live, "bert")
        assert (fault.fault, fault.retry) == (FaultClass.CONCURRENCY, True)
        assert fault.retry_after_s is not None
        assert fault.retry_after_s <= 5
        is_in(live, "bert", BackendState.UNAVAILABLE)
        before = len(server.journal.sessions)
        live.end("anna")
        is_in(live, "bert")
        assert len(server.journal.sessions) == before + 1, "it did not knock meanwhile"
        live.expect_nothing("faults")
