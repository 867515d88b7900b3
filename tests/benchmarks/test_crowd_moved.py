"""How long a crowd was not served, by a journal that is written here."""

from __future__ import annotations

from typing import Any

from actors.cli.calling.happening import What
from actors.cli.load.held_line import HeldLine, LoadedCaller, LoadJournal, LostLine
from actors.cli.load.load_outcome import outcome_of
from actors.cli.load.recordings import recordings
from benchmarks.crowd_moved import CrowdMoved, crowd_moved

S_NS = 1_000_000_000
SAID = recordings()
ONE = SAID[0]
EVENT_S = 10.0


def at(seconds: float, what: What, **values: Any) -> tuple[int, str, dict[str, Any]]:
    return round(seconds * S_NS), str(what), values


def moved(*happenings: tuple[int, str, dict[str, Any]], back_s: float | None = 10.2) -> CrowdMoved:
    lost = at(10.1, What.LOST, why="1006 gone")
    told = sorted([*happenings, lost], key=lambda each: each[0])
    back_ns = None if back_s is None else round(back_s * S_NS)
    line = LostLine("server", round(10.1 * S_NS), back_ns)
    caller = LoadedCaller(0, "website", [HeldLine("c", 0, told)], [line])
    journal = LoadJournal([caller], 0, 60 * S_NS)
    return crowd_moved(journal, outcome_of(journal, SAID), SAID, round(EVENT_S * S_NS))


def say(seconds: float) -> tuple[int, str, dict[str, Any]]:
    return at(seconds, What.SAY, name=ONE.name)


def test_who_waits_for_an_answer_waits_from_the_event() -> None:
    found = moved(say(9.9 - ONE.seconds), at(11.0, What.ANSWER, latency_ms=1.0))
    assert [round(each) for each in found.taken_ms] == [200]
    assert [round(each) for each in found.answer_ms] == [1000]
    assert found.why == {"1006 gone": 1}


def test_who_speaks_waits_from_the_last_word() -> None:
    found = moved(say(9.9), at(10.4 + ONE.seconds, What.ANSWER, latency_ms=1.0))
    assert [round(each) for each in found.answer_ms] == [500]


def test_what_was_answered_before_and_said_after_is_not_in_flight() -> None:
    before = (say(1.0), at(5.0, What.ANSWER, latency_ms=1.0))
    after = (say(12.0), at(18.0, What.ANSWER, latency_ms=1.0))
    assert moved(*before, *after).answer_ms == []


def test_an_answer_that_does_not_come_takes_for_ever() -> None:
    assert moved(say(9.9)).answer_ms == [float("inf")]
    assert moved(say(9.9), back_s=None).taken_ms == []
