"""When to connect again, and with what."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.gemini.faults import CloseReason, FaultSource, classify
from actors.backends.realtime.options import Reconnect
from actors.backends.realtime.reconnect_policy import Decision, ReconnectPolicy
from pipeline.frames import BackendState, FaultClass


def policy(*, ready: bool = True) -> ReconnectPolicy:
    made = ReconnectPolicy(Reconnect(), random=lambda: 1.0)
    if ready:
        made.connected()
    return made


def closed(code: int, reason: str) -> FaultInfo:
    return classify(CloseReason(FaultSource.CLOSE, code, reason))


CUT = closed(1006, "")


def test_connection_that_worked_is_made_again_at_once() -> None:
    assert policy().ended(CUT, with_handle=True) == Decision(BackendState.DEGRADED, 0.0)


def test_refused_first_connection_waits_and_after_five_tries_is_unavailable() -> None:
    calls = policy(ready=False)
    decisions = [calls.ended(CUT, with_handle=False) for _ in range(6)]
    assert [d.wait_s for d in decisions] == [1, 2, 4, 8, 60, 60]
    states = [d.state for d in decisions]
    assert states == [BackendState.DEGRADED] * 4 + [BackendState.UNAVAILABLE] * 2


def test_server_that_accepts_and_closes_does_not_make_a_busy_loop() -> None:
    calls = policy()
    waits = []
    for _ in range(4):
        waits.append(calls.ended(closed(1011, "Deadline expired"), with_handle=True).wait_s)
        calls.connected()
    assert waits == [0, 2, 4, 8]


def test_answered_turn_forgives_what_failed_before() -> None:
    calls = policy()
    calls.ended(CUT, with_handle=False)
    calls.connected()
    calls.proved()
    assert calls.ended(CUT, with_handle=False).wait_s == 0


STOPS = [
    (1007, "API key not valid."),
    (1008, "models/x is not found for API version v1beta"),
    (1007, "User location is not supported for the API use."),
    (1011, "Your prepayment credits are depleted."),
]


@pytest.mark.parametrize(("code", "reason"), STOPS)
def test_what_cannot_heal_is_not_tried_again(code: int, reason: str) -> None:
    decision = policy().ended(closed(code, reason), with_handle=False)
    assert (decision.state, decision.wait_s) == (BackendState.UNAVAILABLE, None)


def test_quota_rests_a_minute_at_least() -> None:
    verdict = closed(1011, "You exceeded your current quota")
    decision = policy().ended(verdict, with_handle=True)
    assert decision == Decision(BackendState.UNAVAILABLE, 60.0)
    longer = FaultInfo(FaultClass.QUOTA, FaultAction.COOL_DOWN, 429, "", retry_after_s=300)
    assert policy().ended(longer, with_handle=True).wait_s == 300


def test_rejected_handle_is_dropped_after_one_failure() -> None:
    calls = policy(ready=False)
    first = calls.ended(closed(1007, "Invalid session handle"), with_handle=True)
    assert first == Decision(BackendState.DEGRADED, 0.0, drop_handle=True)


def test_resume_that_fails_for_any_reason_of_the_server_drops_the_handle() -> None:
    calls = policy()
    calls.ended(CUT, with_handle=False)
    refused = calls.ended(closed(1011, "Internal error encountered."), with_handle=True)
    assert refused.drop_handle


def test_refused_network_keeps_the_handle() -> None:
    calls = policy()
    calls.ended(CUT, with_handle=True)
    assert not calls.ended(CUT, with_handle=True).drop_handle


def test_handle_with_which_the_service_hangs_up_twice_is_dropped_and_a_fresh_session_begun() -> (
    None
):
    calls = policy()
    calls.ended(CUT, with_handle=True)
    assert not calls.ended(CUT, with_handle=True).drop_handle
    assert calls.ended(CUT, with_handle=True) == Decision(BackendState.DEGRADED, 0.0, True)
    calls.connected()
    calls.proved()
    calls.ended(CUT, with_handle=True)
    assert not calls.ended(CUT, with_handle=True).drop_handle


def test_invalid_argument_is_tried_once_more_without_handle() -> None:
    calls = policy(ready=False)
    verdict = closed(1007, "Request contains an invalid argument.")
    first = calls.ended(verdict, with_handle=True)
    assert (first.wait_s, first.drop_handle) == (0.0, True)
    assert calls.ended(verdict, with_handle=False).wait_s is None


def test_refused_option_is_left_out_and_then_no_more_tried() -> None:
    calls = policy(ready=False)
    verdict = closed(1007, "No matching speaker voice found for name: alloy")
    assert calls.ended(verdict, with_handle=False).wait_s == 0
    assert calls.left_out == {"voice"}
    assert calls.ended(verdict, with_handle=False).wait_s is None


VERDICTS = st.sampled_from(
    [FaultInfo(fault, action, None, "") for fault in FaultClass for action in FaultAction]
)


ALTERNATING = [
    (FaultInfo(FaultClass.TRANSIENT, action, None, ""), False, False)
    for action in (FaultAction.FRESH, FaultAction.FRESH_ONCE) * 4
]


@example(ALTERNATING)
@given(st.lists(st.tuples(VERDICTS, st.booleans(), st.booleans()), max_size=30))
def test_no_sequence_of_faults_makes_it_hurry(
    story: list[tuple[FaultInfo, bool, bool]],
) -> None:
    calls = policy(ready=False)
    at_once = 0
    for verdict, ready, with_handle in story:
        if ready:
            calls.connected()
        decision = calls.ended(verdict, with_handle=with_handle)
        if decision.wait_s is None:
            return
        at_once = at_once + 1 if decision.wait_s == 0 else 0
        assert at_once <= 6
