"""What a request tells of the service, of a model and of a session, each apart from the others."""

from __future__ import annotations

import pytest

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.gemini.http.health import (
    SERVICE,
    ServiceHealth,
    is_doubtful,
    subject_of,
    subjects,
)
from pipeline.frames import BackendState, FaultClass
from pipeline.turns.fault_policy import Cause

MODELS = ("words", "voice")
ANNA = subjects("anna", ("her-words", "voice"))
BERT = subjects("bert", MODELS)
OF_MODEL = (Cause.MODEL, "her-words")
OF_ANNA = (Cause.REQUEST, "anna")

READY, DEGRADED, UNAVAILABLE = (
    BackendState.READY,
    BackendState.DEGRADED,
    BackendState.UNAVAILABLE,
)


def info(fault: FaultClass) -> FaultInfo:
    return FaultInfo(fault, FaultAction.STOP, None, f"so it was with {fault}")


@pytest.mark.parametrize(
    ("fault", "subject", "anna", "bert"),
    [
        (FaultClass.QUOTA, OF_MODEL, UNAVAILABLE, READY),
        (FaultClass.CONCURRENCY, OF_ANNA, DEGRADED, READY),
        (FaultClass.MODEL, OF_MODEL, UNAVAILABLE, READY),
        (FaultClass.TRANSIENT, OF_MODEL, DEGRADED, READY),
        (FaultClass.FROZEN, OF_MODEL, DEGRADED, READY),
        (FaultClass.UNKNOWN, OF_MODEL, DEGRADED, READY),
        (FaultClass.POLICY, OF_ANNA, UNAVAILABLE, READY),
        (FaultClass.BAD_REQUEST, OF_ANNA, READY, READY),
        (FaultClass.CONTEXT, OF_ANNA, READY, READY),
        (FaultClass.HANDLE, OF_ANNA, UNAVAILABLE, READY),
        (FaultClass.SESSION_END, OF_ANNA, DEGRADED, READY),
        (FaultClass.NETWORK, SERVICE, DEGRADED, DEGRADED),
        (FaultClass.AUTH, SERVICE, UNAVAILABLE, UNAVAILABLE),
        (FaultClass.BILLING, SERVICE, UNAVAILABLE, UNAVAILABLE),
    ],
)
def test_a_fault_is_held_against_what_it_comes_of(
    fault: FaultClass, subject: tuple[Cause, str], anna: BackendState, bert: BackendState
) -> None:
    assert subject_of(info(fault), "her-words", "anna") == subject
    health = ServiceHealth()
    health.proved(SERVICE)
    health.failed(subject, info(fault))
    assert health.availability(ANNA, 0.0).state is anna
    assert health.availability(BERT, 0.0).state is bert


def test_the_table_above_is_whole() -> None:
    rows = test_a_fault_is_held_against_what_it_comes_of.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {row[0] for row in rows} == set(FaultClass)


@pytest.mark.parametrize("fault", FaultClass)
def test_a_fault_of_the_list_of_models_is_one_for_all(fault: FaultClass) -> None:
    assert subject_of(info(fault), "", "") == SERVICE


def test_nothing_is_known_before_the_first_request_told_of_something() -> None:
    health = ServiceHealth()
    assert health.availability(BERT, 0.0).state is BackendState.CONNECTING
    assert health.proved(*BERT), "that is news"
    assert health.availability(BERT, 0.0).state is READY
    assert not health.proved(*BERT)


def test_what_works_for_one_says_nothing_of_the_model_of_another() -> None:
    health = ServiceHealth()
    health.failed((Cause.MODEL, "words"), info(FaultClass.MODEL))
    health.proved(*ANNA)
    assert health.availability(ANNA, 0.0).state is READY
    assert health.availability(BERT, 0.0).state is UNAVAILABLE


def test_the_worst_is_told_and_the_reason_is_its_own() -> None:
    health = ServiceHealth()
    health.failed(SERVICE, info(FaultClass.NETWORK))
    health.failed((Cause.MODEL, "voice"), info(FaultClass.MODEL))
    now = health.availability(BERT, 0.0)
    assert (now.state, now.look_in_s) == (UNAVAILABLE, None)
    assert now.reason.startswith("model")


def test_the_wait_grows_with_the_failures_of_one_subject_alone() -> None:
    health = ServiceHealth()
    for _ in range(3):
        health.failed(OF_MODEL, info(FaultClass.TRANSIENT))
    health.failed(SERVICE, info(FaultClass.NETWORK))
    assert health.availability(BERT, 0.0).look_in_s == 5.0
    assert health.models() == ["her-words"]


def test_only_what_no_waiting_changes_and_no_key_did_is_looked_at_at_once() -> None:
    doubtful = {fault for fault in FaultClass if is_doubtful(info(fault))}
    assert doubtful == {FaultClass.MODEL, FaultClass.POLICY}
