"""Every call gets one answer, whatever the order in which things happen."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from actors.services.tools.ledger import CallEntry, CallKey, CallLedger, CallStatus
from pipeline.frames import ToolCall


def call(call_id: str, session: str = "local") -> ToolCall:
    return ToolCall(session=session, turn=f"{session}:0", call_id=call_id, name="move")


def key(call_id: str, session: str = "local") -> CallKey:
    return CallKey(session, call_id)


def test_a_call_is_accepted_and_answered_once() -> None:
    ledger = CallLedger()
    accepted = ledger.accept(call("a"))
    assert accepted == CallEntry(key("a"), "local:0", "move", CallStatus.ACCEPTED)
    assert ledger.accept(call("a")) is None
    assert ledger.answer(key("a")) == CallEntry(key("a"), "local:0", "move", CallStatus.ANSWERED)
    assert ledger.answer(key("a")) is None
    assert ledger.accept(call("a")) is None


def test_the_same_id_in_another_session_is_another_call() -> None:
    ledger = CallLedger()
    assert ledger.accept(call("a", "one"))
    assert ledger.accept(call("a", "two"))
    assert ledger.answer(key("a", "one"))
    assert [entry.key.session for entry in ledger.unanswered()] == ["two"]


def test_a_call_nobody_made_has_no_answer() -> None:
    assert CallLedger().answer(key("ghost")) is None


def test_what_a_killed_process_left_open_is_open_and_not_accepted_again() -> None:
    before = CallLedger()
    for name in ("done", "open"):
        before.accept(call(name))
    before.answer(key("done"))
    after = CallLedger(before.entries())
    assert [entry.key for entry in after.unanswered()] == [key("open")]
    assert after.accept(call("open")) is None
    assert after.accept(call("done")) is None
    assert after.answer(key("open"))


def test_only_the_newest_answered_calls_are_remembered_and_all_open_ones() -> None:
    ledger = CallLedger(remembered=3)
    ledger.accept(call("open"))
    for number in range(10):
        ledger.accept(call(str(number)))
        ledger.answer(key(str(number)))
    assert [entry.key.call_id for entry in ledger.entries()] == ["7", "8", "9", "open"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["accept", "answer", "crash"]),
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["one", "two"]),
        ),
        max_size=60,
    )
)
def test_no_call_is_run_or_answered_twice(steps: list[tuple[str, str, str]]) -> None:
    ledger = CallLedger()
    runs: Counter[CallKey] = Counter()
    answers: Counter[CallKey] = Counter()
    for step, call_id, session in steps:
        if step == "accept" and ledger.accept(call(call_id, session)):
            runs[key(call_id, session)] += 1
        elif step == "answer" and ledger.answer(key(call_id, session)):
            answers[key(call_id, session)] += 1
        elif step == "crash":
            ledger = CallLedger(ledger.entries())
    for entry in ledger.unanswered():
        assert ledger.answer(entry.key)
        answers[entry.key] += 1
    assert answers == runs
    assert set(runs.values()) <= {1}
