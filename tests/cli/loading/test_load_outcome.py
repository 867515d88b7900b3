"""What became of callers, by journals that are written here."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from actors.cli.calling.happening import What
from actors.cli.load.held_line import STOPPED, HeldLine, LoadedCaller, LoadJournal, LostLine
from actors.cli.load.load_outcome import LoadOutcome, TurnFate, outcome_of
from actors.cli.load.load_shown import doubts, shown_as_json, shown_as_table
from actors.cli.load.recordings import recordings
from actors.cli.load.told_turns import told_twice

RECORDINGS = recordings()
CARDS = "cards-003.wav"
S_NS = 1_000_000_000


def at(seconds: float, what: What, **values: Any) -> tuple[int, str, dict[str, Any]]:
    return round(seconds * S_NS), str(what), values


def say(seconds: float, name: str = CARDS) -> tuple[int, str, dict[str, Any]]:
    return at(seconds, What.SAY, name=name)


def answer(seconds: float) -> tuple[int, str, dict[str, Any]]:
    return at(seconds, What.ANSWER, latency_ms=700.0)


def hung_up(seconds: float, by: str = "caller", why: str = "") -> tuple[int, str, dict[str, Any]]:
    return at(seconds, What.HUNG_UP, by=by, why=why)


def line(*happenings: tuple[int, str, dict[str, Any]], **facts: Any) -> HeldLine:
    return HeldLine("c", 0, happenings, **facts)


def outcome(*lines: HeldLine, lost: tuple[LostLine, ...] = ()) -> LoadOutcome:
    caller = LoadedCaller(0, "website", lines, lost)
    written = json.loads(json.dumps(asdict(caller)))
    return outcome_of(LoadJournal([LoadedCaller.from_json(written)], 0, 60 * S_NS), RECORDINGS)


LOST = at(2, What.LOST, why="1006")
CUT = LostLine("cut", 5 * S_NS, 6 * S_NS)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([line(say(1), answer(3), hung_up(9))], [TurnFate.ANSWERED]),
        ([line(say(1), say(30), answer(33), hung_up(40))], [TurnFate.LOST, TurnFate.ANSWERED]),
        ([line(say(1), hung_up(30))], [TurnFate.LOST]),
        ([line(say(1), hung_up(3, why=STOPPED))], [TurnFate.OPEN]),
        ([line(say(1), hung_up(1.5, why=STOPPED))], [TurnFate.OPEN]),
        # Cut off in the middle: it is said again, and that counts.
        (
            [line(say(1), hung_up(1.5, "network")), line(say(3), answer(5), hung_up(9))],
            [TurnFate.BROKEN_OFF, TurnFate.ANSWERED],
        ),
        # Cut off before the answer, which comes over the new connection, or does not.
        (
            [line(say(1), hung_up(4, "network")), line(at(6, What.ANSWER), hung_up(9))],
            [TurnFate.DISTURBED_ANSWERED],
        ),
        (
            [line(say(1), hung_up(4, "network")), line(hung_up(30))],
            [TurnFate.DISTURBED_LOST],
        ),
        # Lost and made anew on the same line: nothing is said again.
        ([line(say(1), LOST, answer(5), hung_up(9))], [TurnFate.DISTURBED_ANSWERED]),
        ([line(say(1), LOST, hung_up(30))], [TurnFate.DISTURBED_LOST]),
        (
            [line(say(1), answer(3), say(6), LOST, answer(9), hung_up(19))],
            [TurnFate.ANSWERED, TurnFate.DISTURBED_ANSWERED],
        ),
        # Dropped for good: nobody waits.
        ([line(say(1), hung_up(4, "network"))], [TurnFate.OPEN]),
        ([line(say(1), hung_up(4, "server", "1011 gone"))], [TurnFate.OPEN]),
    ],
)
def test_what_became_of_what_was_said(lines: list[HeldLine], found: list[TurnFate]) -> None:
    assert sorted(outcome(*lines).asked.elements()) == sorted(found)


def test_who_is_refused_is_counted_with_the_reason_and_is_not_in_a_conversation() -> None:
    found = outcome(line(refused="429 too_many_sessions"))
    assert (found.callers, found.present) == (1, 0)
    assert found.refused == {"429 too_many_sessions": 1}
    assert not found.holds


def test_a_turn_that_is_answered_twice_is_found() -> None:
    turn = {"turn": "a:1", "outcome": "answered", "by": "live"}
    once = outcome(line(say(1), answer(3), at(4, What.TURN, **turn), hung_up(9)))
    assert (once.answered_twice, once.names_turns, once.holds) == (0, True, True)
    twice = outcome(
        line(say(1), answer(3), at(4, What.TURN, **turn), at(6, What.TURN, **turn), hung_up(9))
    )
    assert (twice.answered_twice, twice.holds) == (1, False)


@pytest.mark.parametrize(
    ("turns", "twice"),
    [
        (["a:1", "a:1"], 1),
        (["a:16000", "a:18000"], 1),  # Two rooms have heard it begin.
        (["a:16000", "a:24000"], 0),
        (["a:16000", "b:16000"], 0),
        (["typed", "typed", "spoken"], 1),
    ],
)
def test_a_turn_that_two_rooms_have_named_is_one(turns: list[str], twice: int) -> None:
    assert told_twice(turns) == twice


def test_a_gap_while_the_callers_had_no_processor_is_told_apart() -> None:
    gap = at(2.0, What.GAP, ms=60.0)
    punctual = outcome(line(gap, hung_up(9), late_ms=[0.5] * 200))
    assert (punctual.gap_ms, punctual.unsure_gap_ms) == ([60.0], [])
    late = [0.5] * 200
    late[100] = 80.0
    away = outcome(line(gap, hung_up(9), late_ms=late))
    assert (away.gap_ms, away.unsure_gap_ms) == ([], [60.0])


@pytest.mark.parametrize(
    ("understood", "right"),
    [("Seven of clubs.", 3), ("seven clubs", 2), ("Nine hearts", 0), ("7 of clubs", 3)],
)
def test_words_are_compared_with_what_the_server_understood(understood: str, right: int) -> None:
    words = at(3, What.WORDS, role="user", text=understood)
    model = at(3, What.WORDS, role="model", text="seven of clubs")
    found = outcome(line(say(1), answer(3), words, model, hung_up(9)))
    assert (found.words, found.words_right) == (3, right)


def test_who_comes_back_is_timed_and_who_does_not_is_counted() -> None:
    back = outcome(line(hung_up(5, "network")), line(hung_up(9)), lost=(CUT,))
    assert (back.back_ms, back.not_back, back.lost_lines["cut"]) == ([1000.0], 0, 1)
    gone = outcome(line(hung_up(5, "network")), lost=(LostLine("vanish", 5 * S_NS),))
    assert (gone.not_back, gone.holds) == (1, False)
    dropped = outcome(line(say(1), answer(3), hung_up(5, "network")), lost=(LostLine("drop", 1),))
    assert (dropped.not_back, dropped.holds) == (0, True)


def test_late_callers_say_that_the_figures_may_be_theirs() -> None:
    found = outcome(line(say(1), answer(3), hung_up(9), late_ms=[30.0] * 100, bytes_up=7))
    (doubt,) = doubts(found)
    assert "30 ms late" in doubt
    assert not doubts(outcome(line(hung_up(9), late_ms=[1.0] * 100)))
    told = json.loads(json.dumps(shown_as_json(found)))
    assert told["turns"]["answered"] == 1
    assert told["bytes_up"] == 7
    assert shown_as_table(found).row_count > 10
