"""Every way in which the service fails ends the turn, says why, and is tried again if it helps."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from google.genai import _api_client
from http_stage import KEY, STREAM, end_of, ready, said, simulator, staged, write

from actors.backends.gemini.http import Http, HttpOptions
from actors.backends.gemini.server import Server, make_client
from pipeline.backoff import Backoff
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
)
from pipeline.testing import ActorHarness, stage

TEXT = {"http": STREAM}


def failing(action: Any, times: int | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"when": TEXT, "do": [action]}
    return rule if times is None else {**rule, "times": times}


def failed(http: ActorHarness[HttpOptions]) -> tuple[Fault, BackendStatus]:
    """Ask, and return what was said about the failure."""
    ready(http)
    turn = write(http, "Hello.")
    end = end_of(http, turn)
    assert (end.end, end.samples) == (AnswerEnd.FAILED, 0)
    fault = http.expect("faults", Fault)
    assert end.detail.startswith(fault.fault)
    assert end.detail.endswith(fault.reason)
    return fault, http.expect("status", BackendStatus)


@pytest.mark.parametrize(
    ("action", "fault", "code", "state"),
    [
        ({"refuse": "invalid_key"}, FaultClass.AUTH, 400, BackendState.UNAVAILABLE),
        ({"refuse": "expired"}, FaultClass.AUTH, 400, BackendState.UNAVAILABLE),
        ({"refuse": "unauthenticated"}, FaultClass.AUTH, 401, BackendState.UNAVAILABLE),
        ({"refuse": "denied"}, FaultClass.AUTH, 403, BackendState.UNAVAILABLE),
        ({"refuse": "leaked"}, FaultClass.AUTH, 403, BackendState.UNAVAILABLE),
        ({"refuse": "location"}, FaultClass.POLICY, 400, BackendState.UNAVAILABLE),
        ({"refuse": "invalid_argument"}, FaultClass.BAD_REQUEST, 400, BackendState.READY),
        ({"refuse": "depleted"}, FaultClass.BILLING, 429, BackendState.UNAVAILABLE),
        ({"http_quota": {"per": "minute"}}, FaultClass.QUOTA, 429, BackendState.UNAVAILABLE),
        ({"refuse": "internal"}, FaultClass.TRANSIENT, 500, BackendState.DEGRADED),
        ({"refuse": "unavailable"}, FaultClass.TRANSIENT, 503, BackendState.DEGRADED),
        ({"refuse": "deadline"}, FaultClass.TRANSIENT, 504, BackendState.DEGRADED),
        ("cut", FaultClass.NETWORK, None, BackendState.DEGRADED),
        ("stall", FaultClass.FROZEN, None, BackendState.DEGRADED),
        ("vanish", FaultClass.FROZEN, None, BackendState.DEGRADED),
    ],
)
def test_failure_is_classified(
    tmp_path: Path, action: Any, fault: FaultClass, code: int | None, state: BackendState
) -> None:
    # A busy machine takes a while to refuse; only what never comes is waited for in vain.
    timeout_s = 1.0 if fault is FaultClass.FROZEN else 20.0
    with (
        simulator(tmp_path, failing(action)) as gemini,
        staged(gemini, first_event_timeout_s=timeout_s) as http,
    ):
        seen, status = failed(http)
        assert (seen.fault, seen.code, status.state) == (fault, code, state)


@pytest.mark.parametrize(
    ("per", "at_least_s", "at_most_s"), [("minute", 55.0, 60.0), ("day", 3500.0, 3600.0)]
)
def test_quota_says_when_to_come_back(
    tmp_path: Path, per: str, at_least_s: float, at_most_s: float
) -> None:
    quota = {"http_quota": {"per": per, "retry_s": 29}}
    with simulator(tmp_path, failing(quota)) as gemini, staged(gemini) as http:
        fault, status = failed(http)
        for after_s in (fault.retry_after_s, status.retry_after_s):
            assert after_s is not None
            assert at_least_s < after_s <= at_most_s


@pytest.mark.parametrize("action", [{"refuse": "unavailable"}, "cut"])
def test_what_passes_is_tried_again(tmp_path: Path, action: Any) -> None:
    with simulator(tmp_path, failing(action, times=2)) as gemini, staged(gemini) as http:
        ready(http)
        assert end_of(http, write(http, "Hello.")).end is AnswerEnd.COMPLETE
        assert said(http) == "You said: Hello."
        assert len(gemini.answers) == 3
        assert not http.sent["faults"]


def test_what_does_not_pass_is_tried_three_times(tmp_path: Path) -> None:
    with simulator(tmp_path, failing({"refuse": "unavailable"})) as gemini, staged(gemini) as http:
        failed(http)
        assert len(gemini.answers) == 3


def test_what_cannot_heal_is_tried_once(tmp_path: Path) -> None:
    with simulator(tmp_path, failing({"refuse": "location"})) as gemini, staged(gemini) as http:
        failed(http)
        assert len(gemini.answers) == 1


def test_wrong_model_is_named_with_the_nearest(tmp_path: Path) -> None:
    with simulator(tmp_path) as gemini, staged(gemini, model="gemini-3.8-flahs") as http:
        fault = http.expect("faults", Fault)
        assert fault.fault is FaultClass.MODEL
        assert "gemini-3.8-flash" in fault.reason
        assert not fault.retry
        status = http.expect("status", BackendStatus, lambda f: bool(f.reason))
        assert status.state is BackendState.UNAVAILABLE
        assert status.retry_after_s is None


def test_model_that_is_no_longer_there_is_a_model_fault(tmp_path: Path) -> None:
    gone = {
        "status": 404,
        "body": "models/x is not found for API version v1beta, or is not supported",
    }
    with simulator(tmp_path, failing({"refuse": gone})) as gemini, staged(gemini) as http:
        fault, status = failed(http)
        assert (fault.fault, status.state) == (FaultClass.MODEL, BackendState.UNAVAILABLE)


def test_without_a_key_it_says_how_to_give_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    with stage(Http, connected={"audio", "speech", "text"}, config_dir=tmp_path) as http:
        fault = http.expect("faults", Fault)
        assert fault.fault is FaultClass.AUTH
        assert "GEMINI_API_KEY" in fault.reason
        assert end_of(http, write(http, "Hello.")).end is AnswerEnd.FAILED


def test_other_key_serves_when_one_is_used_up(tmp_path: Path) -> None:
    keys = ("quota", "invalid", "depleted", KEY)
    with simulator(tmp_path) as gemini, staged(gemini, keys=keys) as http:
        ready(http)
        end = end_of(http, write(http, "Hello."))
        assert end.end is AnswerEnd.COMPLETE
        assert not http.sent["faults"]
        # They are left alone from then on.
        before = http.actor.counters["failures_quota"]
        end_of(http, write(http, "Hello again.", 2))
        assert http.actor.counters["failures_quota"] == before
        assert http.actor.counters["failures_auth"] == 1
        assert gemini.answers[-1].status == 200


def test_all_keys_used_up_is_one_fault(tmp_path: Path) -> None:
    with simulator(tmp_path) as gemini, staged(gemini, keys=("quota", "invalid")) as http:
        fault = http.expect("faults", Fault)
        status = http.expect("status", BackendStatus, lambda f: bool(f.reason))
        assert fault.fault is FaultClass.AUTH
        assert status.state is BackendState.UNAVAILABLE
        assert status.retry_after_s is not None
        assert end_of(http, write(http, "Hello.")).end is AnswerEnd.FAILED
        assert not gemini.answers


def test_key_is_never_shown(tmp_path: Path) -> None:
    refusal = {"status": 403, "body": f"key {KEY} is not allowed"}
    with simulator(tmp_path, failing({"refuse": refusal})) as gemini, staged(gemini) as http:
        fault, status = failed(http)
        assert KEY not in f"{fault} {status}"
        assert "[secret]" in fault.reason


def test_service_that_comes_back_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.backends.gemini.http.availability.LOOK", Backoff(0.05, 60.0))
    with (
        simulator(tmp_path, failing({"refuse": "unavailable"}, times=3)) as gemini,
        staged(gemini) as http,
    ):
        _, status = failed(http)
        assert status.state is BackendState.DEGRADED
        ready(http)
        assert end_of(http, write(http, "Hello.", 2)).end is AnswerEnd.COMPLETE


def test_stall_in_mid_answer_is_a_failure_after_what_was_said(tmp_path: Path) -> None:
    slow = {"when": TEXT, "do": [{"say": "One. Two."}, {"slow": 0.02}]}
    with simulator(tmp_path, slow) as gemini, staged(gemini, stall_timeout_s=1.0) as http:
        ready(http)
        turn = write(http, "Hello.")
        http.expect("audio", AnswerAudio)
        end = end_of(http, turn)
        assert end.end is AnswerEnd.FAILED
        assert end.samples > 0
        assert http.expect("faults", Fault).fault is FaultClass.FROZEN


def test_server_that_moved_is_found_again(tmp_path: Path) -> None:
    file = tmp_path / "server.json"
    connected = {"audio", "speech", "text"}
    with ExitStack() as first, simulator(tmp_path) as moved:
        gone = first.enter_context(simulator(tmp_path))
        gone.write_address(file)
        with stage(Http, connected=connected, server_file=str(file)) as http:
            ready(http)
            assert end_of(http, write(http, "Hello.")).end is AnswerEnd.COMPLETE
            first.close()
            moved.write_address(file)
            assert end_of(http, write(http, "Hello.", 2)).end is AnswerEnd.COMPLETE
            assert len(moved.answers) == 1


def test_refused_connection_is_said_at_once_also_where_aiohttp_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # With aiohttp google-genai would wait for up to 10 s, and somebody for the answer.
    monkeypatch.setattr(_api_client, "has_aiohttp", True)

    async def ask() -> None:
        client = make_client(Server((KEY,), "https://127.0.0.1:1"), KEY, {})
        try:
            await client.aio.models.get(model="gemini-3.8-flash")
        finally:
            await client.aio.aclose()
            client.close()

    with pytest.raises(httpx2.ConnectError):
        asyncio.run(ask())
