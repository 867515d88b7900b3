"""The actor over the real SDK against the simulator: no connection to be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from live_server import KEY, Talker, ready, simulator, staged

from pipeline.frames import (
    AnswerEnd,
    AnswerEnded,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
)

FAST = {"connect": {"first_s": 0.02, "max_s": 0.1}, "setup_timeout_s": 3.0, "close_timeout_s": 0.2}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


def unavailable(status: BackendStatus) -> bool:
    return status.state is BackendState.UNAVAILABLE


def test_f04_wrong_model_is_found_out_before_connecting(tmp_path: Path) -> None:
    options = {"model": "gemini-3.8-liv"}
    with (
        simulator(tmp_path) as server,
        staged(tmp_path, **server.address, **options) as live,
    ):
        fault = live.expect("faults", Fault)
        assert fault.fault is FaultClass.MODEL
        assert "'gemini-3.8-live'" in fault.reason
        assert not fault.retry
        live.expect("status", BackendStatus, unavailable)
        assert not server.journal.sessions
        # The actor lives on and says so of every turn.
        turn = Talker(live).say()
        ended = live.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.FAILED)


def test_f05_bad_key_stops_and_is_shown_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        simulator(tmp_path, keys=["another-key-altogether"]) as server,
        staged(tmp_path, **server.address) as live,
    ):
        fault = live.expect("faults", Fault)
        assert (fault.fault, fault.retry) == (FaultClass.AUTH, False)
        shown = str([*live.sent.values(), fault, live.actor.detail]) + "".join(capfd.readouterr())
        assert KEY not in shown
        assert "GEMINI_API_KEY" in fault.advice


def test_no_key_at_all_says_how_to_give_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path) as live:
        fault = live.expect("faults", Fault)
        assert fault.fault is FaultClass.AUTH
        assert ".env" in fault.reason


SETUP_TROUBLE = [
    ("no_setup_reply", FaultClass.TRANSIENT),
    ({"first_frame_error": {}}, FaultClass.TRANSIENT),
    ({"garbage": "binary"}, FaultClass.TRANSIENT),
    ({"garbage": "json"}, FaultClass.TRANSIENT),
    ("unknown_frame", FaultClass.TRANSIENT),
    ("cut", FaultClass.NETWORK),
    ({"close": "unavailable"}, FaultClass.TRANSIENT),
]


@pytest.mark.parametrize(("action", "expected"), SETUP_TROUBLE)
def test_f06_trouble_at_setup_is_a_failed_connection(
    tmp_path: Path, action: object, expected: FaultClass
) -> None:
    rule = {"when": "setup", "session": 1, "do": [action]}
    options: dict[str, Any] = {**FAST, "setup_timeout_s": 2.0}
    with (
        simulator(tmp_path, rule) as server,
        staged(tmp_path, **server.address, **options) as live,
    ):
        fault = live.expect("faults", Fault)
        assert fault.retry
        assert fault.fault is expected
        ready(live)


HANDSHAKES = [
    ("unauthenticated", FaultClass.AUTH),
    ("denied", FaultClass.AUTH),
    ("not_found", FaultClass.BAD_REQUEST),
    ("quota", FaultClass.QUOTA),
    ("unavailable", FaultClass.TRANSIENT),
]


@pytest.mark.parametrize(("preset", "expected"), HANDSHAKES)
def test_f02_refused_handshake_is_classified(
    tmp_path: Path, preset: str, expected: FaultClass
) -> None:
    rule = {"when": "connect", "session": 1, "do": [{"refuse": preset}]}
    with simulator(tmp_path, rule) as server, staged(tmp_path, **server.address, **FAST) as live:
        assert live.expect("faults", Fault).fault is expected


def test_f02_nobody_listening_is_a_network_fault_and_tried_again(tmp_path: Path) -> None:
    with simulator(tmp_path) as server:
        address = server.address
        ca = Path(address["ca_file"]).read_bytes()
    (tmp_path / "ca.pem").write_bytes(ca)
    address["ca_file"] = "ca.pem"
    with staged(tmp_path, **address, **FAST) as live:
        for _ in range(2):
            fault = live.expect("faults", Fault)
            assert (fault.fault, fault.retry) == (FaultClass.NETWORK, True)
