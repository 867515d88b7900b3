"""From what the server and the device saw to figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.live_server.talk import SessionRecord
from benchmarks.peers.kinds import KINDS, Kind, block_delays_ms
from benchmarks.peers.observation import SETTLE_S, CollapsedError, Observation, Run, Trial
from benchmarks.peers.task import Task, rotation
from benchmarks.sound import RATE_HZ

ZERO_NS = 5_000_000_000
BLOCK = RATE_HZ // 50
MS = 1_000_000


def _kind(name: str) -> Kind:
    return next(kind for kind in KINDS if kind.name == name)


def _seen(trial: Trial, *records: SessionRecord, runs: list[Run] | None = None) -> Observation:
    zeros_ns = [ZERO_NS] * trial.sessions
    return Observation(trial, ZERO_NS - 800 * MS, zeros_ns, [runs or []], list(records))


def _silence(seconds: float, sessions: int = 1) -> Trial:
    return Trial(np.zeros(int(seconds * RATE_HZ), np.int16), sessions=sessions)


def _at(position: int, late_ms: float = 0) -> int:
    return int(ZERO_NS + position * 1_000_000_000 // RATE_HZ + late_ms * MS)


def test_a_block_is_as_late_as_the_message_that_has_its_last_sample() -> None:
    start = int(SETTLE_S * RATE_HZ)
    step = 5 * BLOCK // 2
    messages = [(start, start + step), (start + step, start + 2 * step)]
    due = [start + 3 * BLOCK, start + 5 * BLOCK]
    arrivals = [(_at(at, 1), *span) for at, span in zip(due, messages, strict=True)]
    seen = _seen(_silence(10), SessionRecord("bench-0", arrivals))
    assert block_delays_ms(seen) == pytest.approx([41, 21, 41, 21, 1])


def test_what_was_said_before_speech_was_declared_is_not_late() -> None:
    start = int(SETTLE_S * RATE_HZ)
    declared_ns = _at(start + 2 * BLOCK, 3)
    arrivals = [
        (declared_ns + MS, start, start + 2 * BLOCK),
        (_at(start + 3 * BLOCK, 2), start + 2 * BLOCK, start + 3 * BLOCK),
    ]
    record = SessionRecord("bench-0", arrivals, starts=[declared_ns])
    assert block_delays_ms(_seen(_silence(10), record)) == pytest.approx([2])


def test_sound_that_was_never_spoken_does_not_count() -> None:
    record = SessionRecord("bench-0", [(_at(9 * RATE_HZ), -1, -1)])
    assert block_delays_ms(_seen(_silence(10), record)) == []
    with pytest.raises(CollapsedError):
        _kind("listen").figures(_seen(_silence(10), record))


def test_a_run_in_which_not_all_sessions_were_heard_is_a_collapse() -> None:
    end = int(SETTLE_S * RATE_HZ) + BLOCK
    record = SessionRecord("bench-1", [(_at(end), end - BLOCK, end)])
    seen = _seen(_silence(10, sessions=2), record)
    with pytest.raises(CollapsedError, match="1 of 2"):
        _kind("listen").figures(seen)


def test_each_session_begins_elsewhere_and_is_reckoned_from_there() -> None:
    trial = _silence(10, sessions=4)
    assert [rotation(index, 4, len(trial.sound), BLOCK) for index in range(4)] == [
        0,
        40_000,
        80_000,
        120_000,
    ]
    seen = _seen(trial)
    assert seen.due_ns(2, 80_000 + BLOCK) == ZERO_NS + 20 * MS
    assert seen.due_ns(2, 80_000) == ZERO_NS + 10_000 * MS
    assert seen.due_ns(0, len(trial.sound)) == ZERO_NS + 10_000 * MS


def test_start_up_is_from_the_process_to_the_first_sound_at_the_server() -> None:
    record = SessionRecord("bench-0", [(ZERO_NS + 24 * MS, 0, BLOCK)])
    assert _kind("startup").figures(_seen(_silence(4), record)) == {"startup": 824}


def test_an_answer_is_handed_on_with_its_first_piece_and_the_first_two_only_warm_up() -> None:
    sent_ns = [ZERO_NS + second * 1000 * MS for second in range(4)]
    late_ms = [25, 20, 2, 3]
    record = SessionRecord("bench-0", answers=sent_ns)
    handed_ns = [at + late * MS for at, late in zip(sent_ns, late_ms, strict=True)]
    runs = [Run(at, at, at + MS, MS) for at in handed_ns]
    figures = _kind("down").figures(_seen(_silence(4), record, runs=runs))
    assert figures == {"down_p50": 2, "down_worst": 3}


def test_a_barge_in_ends_with_the_last_sample_of_the_answer() -> None:
    kind = _kind("barge_in")
    trial = kind.trial(0, 1)
    runs = []
    for begin, end in zip(trial.turn_ends, trial.turn_ends[1:], strict=False):
        start_ns = _at(begin, 700)
        runs.append(Run(start_ns, start_ns, _at(end, -400), 1))
    figures = kind.figures(_seen(trial, runs=runs))
    assert figures["barge_in_missed"] == 0
    assert 0 < figures["barge_in_p50"] <= figures["barge_in_worst"] < math.inf
    runs[0] = runs[0]._replace(end_ns=_at(trial.turn_ends[-1], 1))
    runs[1:] = []
    assert kind.figures(_seen(trial, runs=runs))["barge_in_missed"] == len(trial.turn_ends) - 1


def test_a_gap_is_what_an_answer_took_longer_than_its_sound() -> None:
    record = SessionRecord("bench-0", answers=[ZERO_NS])
    start_ns = ZERO_NS + 5 * MS
    whole = Run(start_ns, start_ns, start_ns + 4000 * MS, 4000 * MS)
    assert _kind("stall").figures(_seen(_silence(9), record, runs=[whole])) == {"stall": 0}
    later_ns = start_ns + 1320 * MS
    torn = [
        Run(start_ns, start_ns, start_ns + 1000 * MS, 1000 * MS),
        Run(later_ns, later_ns, later_ns + 3000 * MS, 3000 * MS),
    ]
    assert _kind("stall").figures(_seen(_silence(9), record, runs=torn)) == {"stall": 320}


def test_a_fault_without_an_answer_lasts_for_ever_and_one_with_is_measured() -> None:
    kind = _kind("fault")
    trial = kind.trial(0, 1)
    end = trial.turn_ends[0]
    closed = SessionRecord("bench-0", exhausted_ns=ZERO_NS)
    assert kind.figures(_seen(trial, closed)) == {"fault": math.inf, "fault_heard": 0}
    stand_in = SessionRecord("standin", [(ZERO_NS, 0, end)], answers=[ZERO_NS])
    sound = Run(ZERO_NS + 60 * MS, ZERO_NS + 60 * MS, ZERO_NS + 90 * MS, 30 * MS)
    assert kind.figures(_seen(trial, closed, stand_in, runs=[sound])) == {
        "fault": 60,
        "fault_heard": 100,
    }


def test_a_run_without_the_fault_is_a_collapse_and_not_a_figure() -> None:
    kind = _kind("fault")
    with pytest.raises(CollapsedError, match="too little sound"):
        kind.figures(_seen(kind.trial(0, 1), SessionRecord("bench-0")))


def test_a_task_comes_through_the_command_line_as_it_was() -> None:
    task = Task("https://127.0.0.1:1", "ca.pem", "a b.wav", 25, block=True)
    assert Task.parse(task.text()) == task
