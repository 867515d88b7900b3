"""What an actor sees of sessions: opened, held, isolated, ended."""

from __future__ import annotations

import gc
import io
import weakref
from collections import Counter
from typing import Any

import pytest

from pipeline import logs
from pipeline.actor import Actor, Options
from pipeline.errors import GreenroomError
from pipeline.frames import Audio, SessionEnd, SessionEnded, SessionOpened, UserText
from pipeline.ports import In, Out
from pipeline.sessions.admission import HELD_FRAMES, HELD_IN_ALL, HELD_NS, Admission
from pipeline.sessions.isolation import FAILURES, WINDOW_NS, Failures
from pipeline.sessions.work import CYCLES_EVERY
from pipeline.testing import stage


class Waiter(Actor[Options]):
    """Serves each session by itself, and stumbles when told to."""

    inputs = {"text": In((UserText,))}
    outputs = {"text": Out((UserText,))}

    def make_session(self, opened: SessionOpened) -> list[str]:
        if opened.voice == "none":
            raise ValueError("there is no voice of that name")
        return [opened.instruction or "as configured"]

    def session_ended(self, state: list[str], ended: SessionEnded) -> None:
        state.append(f"ended: {ended.reason}")

    def on_text(self, frame: UserText) -> None:
        self.sessions[frame.session].append(frame.text)
        match frame.text:
            case "raise":
                raise ValueError("stumbled")
            case "misuse":
                raise GreenroomError("that cannot be used: send words")
            case "raise later":
                self.spawn(self.stumble())
            case "log":
                self.log.info("served")
            case _:
                self.publish("text", UserText(turn=frame.turn, text="yes"))

    async def stumble(self) -> None:
        raise ValueError("stumbled later")


def said(session: str, text: str = "hello") -> UserText:
    return UserText(session=session, turn=f"{session}:t1", text=text)


def test_each_session_has_a_state_of_its_own_until_it_ends() -> None:
    with stage(Waiter) as waiter:
        waiter.open("anna", instruction="be brief")
        waiter.send("text", said("anna"), said("local", "hi"))
        anna = waiter.actor.sessions["anna"]
        assert anna == ["be brief", "hello"]
        assert waiter.actor.sessions["local"] == ["as configured", "hi"]
        waiter.end("anna")
        assert anna[-1] == "ended: hung_up"
        waiter.send("text", said("anna"))
        waiter.open("anna")
        assert waiter.actor.sessions["anna"] == ["as configured"], "another one of that name"
        assert waiter.actor.counters["ended"] == 1


def test_a_frame_without_a_session_is_published_as_the_actors_own() -> None:
    with stage(Waiter) as waiter:
        waiter.send("text", said("local"))
        assert waiter.expect("text", UserText).session == "local"


def test_what_comes_before_its_session_waits_for_it_in_order() -> None:
    with stage(Waiter) as waiter:
        waiter.send("text", said("anna", "one"), said("anna", "two"))
        waiter.expect_nothing("text")
        waiter.open("anna")
        assert waiter.actor.sessions["anna"][1:] == ["one", "two"]
        assert waiter.actor.counters["unopened"] == 0


@pytest.mark.parametrize("stumbles", ["raise", "raise later"])
def test_an_exception_ends_its_session_and_no_other(stumbles: str) -> None:
    with stage(Waiter) as waiter:
        for name in ("anna", "bert"):
            waiter.open(name)
        waiter.send("text", said("anna", stumbles))
        ended = waiter.expect("sessions", SessionEnded)
        assert (ended.session, ended.reason) == ("anna", SessionEnd.FAILED)
        assert ended.detail.startswith("waiter: ValueError: stumbled")
        assert list(waiter.actor.sessions) == ["local", "bert"]
        waiter.send("text", said("anna"), said("bert"))
        assert waiter.expect("text", UserText).turn == "bert:t1"
        assert waiter.actor.counters["sessions_failed"] == 1


def test_a_session_that_cannot_be_made_ends_at_once() -> None:
    with stage(Waiter) as waiter:
        waiter.send("text", said("anna"))
        waiter.open("anna", voice="none")
        assert "there is no voice" in waiter.expect("sessions", SessionEnded).detail
        assert "anna" not in waiter.actor.sessions
        waiter.expect_nothing("text")


def test_an_exception_in_the_own_session_ends_the_process() -> None:
    with pytest.raises(ValueError, match="stumbled"), stage(Waiter) as waiter:
        waiter.send("text", said("local", "raise"))


def test_one_session_after_the_other_that_fails_ends_the_process() -> None:
    def fail_all() -> None:
        with stage(Waiter) as waiter:
            for number in range(FAILURES):
                waiter.open(f"s{number}")
                waiter.send("text", said(f"s{number}", "raise"))

    with pytest.raises(RuntimeError, match="this is no fault of one"):
        fail_all()


def test_callers_who_send_what_cannot_be_used_never_end_the_process() -> None:
    with stage(Waiter) as waiter:
        for number in range(2 * FAILURES):
            waiter.open(f"s{number}")
            waiter.send("text", said(f"s{number}", "misuse"))
            assert "send words" in waiter.expect("sessions", SessionEnded).detail
        waiter.send("text", said("local"))
        assert waiter.expect("text", UserText)


def test_log_lines_carry_the_labels_of_whose_work_it_is() -> None:
    out = io.StringIO()
    logs.configure(out)
    try:
        with stage(Waiter) as waiter:
            waiter.open("anna", labels={"business": "42", "session": "not this"})
            waiter.send("text", said("anna", "log"), said("local", "log"))
    finally:
        logs.configure()
    of_anna, own = out.getvalue().splitlines()
    assert "business=42" in of_anna
    assert "session=anna" in of_anna
    assert "session" not in own


def test_a_failure_found_by_the_work_of_another_has_the_labels_of_whose_it_is() -> None:
    out = io.StringIO()
    logs.configure(out)
    try:
        with stage(Waiter) as waiter:
            waiter.open("anna", labels={"business": "42"})
            waiter.open("bert")
            with waiter.actor.work_of("bert"):
                waiter.actor.fail_session("anna", GreenroomError("no such model"))
    finally:
        logs.configure()
    (line,) = out.getvalue().splitlines()
    assert {"business=42", "session=anna"} <= set(line.split())


def frames(count: int, session: str = "anna") -> list[Any]:
    return [Audio(session=session, position=at, pcm=b"") for at in range(count)]


def test_no_more_than_so_many_frames_wait_and_not_for_ever() -> None:
    admission = Admission(counters := Counter())
    for frame in frames(HELD_FRAMES + 3):
        admission.hold("audio", frame, 0)
    assert counters["unopened"] == 3
    assert admission.expire(HELD_NS) == []
    assert admission.expire(HELD_NS + 1) == ["anna"]
    assert counters["unopened"] == HELD_FRAMES + 3
    assert not admission.is_holding


def test_many_sessions_that_nobody_opened_hold_no_more_than_one_may() -> None:
    admission = Admission(counters := Counter())
    for number in range(2 * HELD_IN_ALL):
        admission.hold("audio", frames(1, f"s{number}")[0], 0)
    assert counters["unopened"] == HELD_IN_ALL
    assert len(admission.opened(SessionOpened(session="s0"))) == 1
    assert admission.opened(SessionOpened(session=f"s{HELD_IN_ALL}")) == []


def sent(at_ns: int) -> Audio:
    return Audio(session="anna", position=0, pcm=b"", sent_ns=at_ns)


def ended(reason: SessionEnd = SessionEnd.HUNG_UP) -> SessionEnded:
    return SessionEnded(session="anna", reason=reason, origin_ns=10)


def test_sound_of_who_comes_back_waits_until_its_new_session_is_open() -> None:
    admission = Admission(counters := Counter())
    admission.ended(ended())
    for at_ns in (9, 10, 11, 20, 21):
        admission.hold("audio", sent(at_ns), 0)
    assert counters == {"ended": 2}
    released = admission.opened(SessionOpened(session="anna", origin_ns=20))
    assert [frame.sent_ns for _, frame in released] == [20, 21]
    assert counters == {"ended": 3}


def test_sound_sent_on_after_the_end_is_dropped_as_that_of_a_session_that_has_ended() -> None:
    admission = Admission(counters := Counter())
    admission.ended(ended())
    admission.hold("audio", sent(11), 0)
    assert admission.expire(HELD_NS + 1) == []
    assert counters == {"ended": 1}


def test_nothing_is_held_of_who_was_refused() -> None:
    admission = Admission(counters := Counter())
    admission.ended(ended(SessionEnd.REFUSED))
    admission.hold("audio", sent(11), 0)
    assert not admission.is_holding
    assert counters == {"ended": 1}


def test_failures_add_up_by_session_and_are_forgotten_in_time() -> None:
    failures = Failures()
    assert not any(failures.record("anna", at) for at in range(2 * FAILURES))
    names = [f"s{number}" for number in range(FAILURES)]
    assert not any(failures.record(name, n * WINDOW_NS) for n, name in enumerate(names))
    found = [failures.record(name, 100 * WINDOW_NS) for name in names]
    assert found == [False] * (FAILURES - 1) + [True]


class Knot:
    """Refers to itself, as a session and its tasks do to each other."""

    def __init__(self) -> None:
        self.knot = self


class Tied(Actor[Options]):
    """Has of each session what only a search for cycles finds."""

    def make_session(self, opened: SessionOpened) -> Knot:
        return Knot()


def test_what_an_actor_had_of_sessions_that_ended_does_not_pile_up() -> None:
    gc.disable()
    try:
        with stage(Tied) as tied:
            had: list[weakref.ref[Knot]] = []
            for number in range(CYCLES_EVERY):
                name = f"caller{number}"
                tied.open(name)
                had.append(weakref.ref(tied.actor.sessions[name]))
                assert had[0]() is not None
                tied.end(name)
            # The last may still be what the frame that ended it is being handled for.
            assert [each() for each in had[:-1]] == [None] * (CYCLES_EVERY - 1)
    finally:
        gc.enable()
