from __future__ import annotations

from actors.gateway.events import Speaking, SpokenWords
from actors.gateway.files.heard_file import HeardFile, joined
from pipeline.frames import Outcome, Side, TurnClosed

SECOND = 16_000


def words(turn: str, text: str, backend: str = "live", epoch: int = 0) -> SpokenWords:
    return SpokenWords(turn, Side.USER, text, False, backend, epoch)


def closed(turn: str, outcome: Outcome = Outcome.ANSWERED, **fields: str) -> TurnClosed:
    return TurnClosed(session="s", turn=turn, outcome=outcome, **fields)


def spoken(heard: HeardFile, turn: str, start_s: float, end_s: float) -> None:
    heard.on_event(Speaking(turn, True, int(start_s * SECOND)))
    heard.on_event(Speaking(turn, False, int(end_s * SECOND)))


def test_who_speaks_is_heard_out_and_then_waits_for_its_words() -> None:
    heard = HeardFile(10 * SECOND)
    assert heard.may_go_on
    heard.on_event(Speaking("a", True, 0))
    assert heard.may_go_on
    assert not heard.is_settled
    heard.on_event(Speaking("a", False, SECOND))
    assert not heard.may_go_on
    # What was heard before the pause was noted belongs to the next turn: it is not torn apart.
    heard.on_event(Speaking("b", True, 2 * SECOND))
    assert heard.may_go_on
    heard.on_event(Speaking("b", False, 3 * SECOND))
    heard.on_event(closed("a", Outcome.INTERRUPTED))
    assert not heard.may_go_on
    heard.on_event(closed("b"))
    assert heard.is_settled


def test_words_have_their_place_in_the_file_whatever_was_put_in_between() -> None:
    heard = HeardFile(4 * SECOND)
    heard.mark(0, 0)
    # Silence of 3 s was put after the first two.
    heard.mark(5 * SECOND, 2 * SECOND)
    spoken(heard, "a", 0.5, 1.5)
    spoken(heard, "b", 5.5, 9)
    for turn in "ab":
        heard.on_event(words(turn, f" {turn} one"))
        heard.on_event(words(turn, " two "))
        heard.on_event(closed(turn, by="live"))
    a, b = heard.segments()
    assert (a.start_s, a.end_s, a.text) == (0.5, 1.5, "a one two")
    # The silence after the end is not in the file.
    assert (b.start_s, b.end_s, b.text) == (2.5, 4.0, "b one two")
    assert joined(heard.segments()) == "a one two b one two"


def test_of_several_that_heard_it_the_one_that_answered_understood_it() -> None:
    heard = HeardFile(SECOND)
    spoken(heard, "a", 0, 1)
    heard.on_event(words("a", "a long misunderstanding"))
    heard.on_event(words("a", "go forward", "http", 1))
    heard.on_event(closed("a", by="http"))
    assert [each.text for each in heard.segments()] == ["go forward"]


def test_what_was_lost_is_heard_again_and_its_late_words_do_not_matter() -> None:
    heard = HeardFile(10 * SECOND)
    heard.mark(0, 0)
    spoken(heard, "a", 1, 2)
    heard.on_event(closed("a", Outcome.INTERRUPTED))
    spoken(heard, "b", 3, 4)
    heard.on_event(words("b", "kept"))
    heard.on_event(closed("b", Outcome.FAILED))
    spoken(heard, "cough", 5, 6)
    heard.on_event(closed("cough", by="http"))
    assert heard.lost() == [(SECOND, 2 * SECOND)]
    heard.on_event(words("a", "late"))
    assert heard.is_settled
    heard.mark(11 * SECOND, SECOND)
    spoken(heard, "c", 11, 12)
    heard.on_event(closed("c", Outcome.FAILED, reason="no quota"))
    again, kept, cough = heard.segments()
    assert (again.start_s, again.end_s, again.text, again.reason) == (1, 2, "", "no quota")
    assert kept.text == "kept"
    assert (cough.text, cough.reason) == ("", "http understood no words")
    assert heard.failure() == "no quota"
