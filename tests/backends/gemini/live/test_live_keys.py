"""Several keys: one whose quota is used up rests, and the conversation goes on with the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_server import Talker, ready, simulator, sound, staged, stored_in

from pipeline.frames import (
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
)

FIRST, SECOND = "AIza-first-key-of-the-tests-0123456789", "AIza-second-key-of-the-tests-0123456789"
QUOTA = {"when": {"audio_ms": 500}, "do": ["quota"]}


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", f"{FIRST},{SECOND}")


def test_quota_in_mid_speech_costs_nothing_with_another_key(tmp_path: Path) -> None:
    first = {"when": {"turn": 1}, "session": 1, "do": [{"say": "Good morning."}]}
    with (
        simulator(tmp_path, first, {**QUOTA, "when": {"audio_ms": 1800}, "session": 1}) as server,
        staged(tmp_path, **server.address) as live,
    ):
        ready(live)
        talker = Talker(live)
        talker.say(8000)
        live.expect("answer", AnswerEnded)
        live.until(lambda: stored_in(live, "local", "handle"), "a handle")
        at = talker.position
        talker.blocks(at + 4800)
        turn = talker.start()
        talker.blocks(talker.position + 24_000)
        assert ready(live)
        talker.end(turn)
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
        assert server.stt.heard[-1] == sound(at, talker.position), "the whole turn"
        # A handle belongs to the account of its key: the next one is told what was said.
        before, after = server.journal.sessions
        assert before.handles
        assert not after.resumed_from
        assert after.history == [{"role": "model", "text": "Good morning."}]
        live.expect_nothing("faults")
        assert live.actor.counters["faults_quota"] == 1


def test_all_keys_used_up_is_a_fault_and_a_rest(tmp_path: Path) -> None:
    with simulator(tmp_path, QUOTA) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        turn = Talker(live).say()
        fault = live.expect("faults", Fault)
        assert (fault.fault, fault.retry) == (FaultClass.QUOTA, True)
        status = live.expect("status", BackendStatus, lambda f: f.state is BackendState.UNAVAILABLE)
        assert status.retry_after_s is not None
        assert 50 < status.retry_after_s <= 60, "until the first of them has rested"
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.FAILED)
        assert len(server.journal.sessions) == 2, "each was tried once"
        live.expect_nothing("faults")


def test_sessions_that_come_while_all_keys_rest_do_not_knock(tmp_path: Path) -> None:
    with simulator(tmp_path, QUOTA) as server, staged(tmp_path, **server.address) as live:
        ready(live)
        Talker(live).say()
        live.expect("faults", Fault)
        live.open("caller")
        fault = live.expect("faults", Fault)
        assert (fault.session, fault.fault) == ("caller", FaultClass.QUOTA)
        assert len(server.journal.sessions) == 2


def test_a_refused_key_is_passed_over(tmp_path: Path) -> None:
    with (
        simulator(tmp_path, keys=[SECOND]) as server,
        staged(tmp_path, **server.address) as live,
    ):
        ready(live)
        Talker(live).say()
        assert live.expect("answer", AnswerEnded).end is AnswerEnd.COMPLETE
        live.expect_nothing("faults")
