"""What a caller has heard: by its client's word, or else by our clock."""

from __future__ import annotations

from actors.gateway.heard_sound import MOST_BLOCKS, HeardSound
from actors.outputs.output import AnswerPosition

BLOCK = 480
STEP_NS = 20_000_000


def sent(heard: HeardSound, blocks: int, turn: str = "a", *, first: int = 0) -> None:
    """Blocks of an answer, the first of them over after `STEP_NS`."""
    for n in range(first + 1, first + blocks + 1):
        heard.sent(BLOCK, n * STEP_NS, AnswerPosition(turn, 1, n * BLOCK))


def test_without_a_word_of_the_client_what_is_over_by_the_clock_was_heard() -> None:
    heard = HeardSound()
    sent(heard, 6)
    assert heard.up_to("a", 1, 0) == 0
    assert heard.up_to("a", 1, 2 * STEP_NS - 1) == BLOCK
    assert heard.up_to("a", 1, 2 * STEP_NS) == 2 * BLOCK
    assert heard.up_to("a", 1, 99 * STEP_NS) == 6 * BLOCK


def test_the_client_knows_better_than_the_clock() -> None:
    heard = HeardSound()
    sent(heard, 6)
    heard.reported(2 * BLOCK + BLOCK // 2)
    assert heard.up_to("a", 1, 99 * STEP_NS) == 2 * BLOCK
    heard.reported(BLOCK)
    heard.reported(4 * BLOCK)
    assert heard.up_to("a", 1, 0) == 4 * BLOCK


def test_nobody_has_played_more_than_it_was_sent() -> None:
    heard = HeardSound()
    sent(heard, 2)
    heard.reported(10**9)
    sent(heard, 2, first=2)
    assert heard.up_to("a", 1, 99 * STEP_NS) == 2 * BLOCK


def test_reports_go_on_over_several_answers() -> None:
    """Also if what was thrown away of one that was interrupted counts as played."""
    heard = HeardSound()
    sent(heard, 3, "a")
    sent(heard, 3, "b")
    heard.reported(2 * BLOCK)
    assert heard.up_to("a", 1, 0) == 2 * BLOCK
    assert heard.up_to("b", 1, 0) == 0
    heard.reported(4 * BLOCK)
    assert heard.up_to("b", 1, 0) == BLOCK


def test_of_an_answer_that_was_not_sent_over_this_connection_nothing_is_known() -> None:
    heard = HeardSound()
    sent(heard, 3)
    heard.reported(BLOCK)
    assert heard.up_to("a", 2, 99 * STEP_NS) is None
    heard.connected()
    assert heard.up_to("b", 1, 99 * STEP_NS) is None
    # It goes on where it was: reports begin anew, and until one comes the clock does.
    sent(heard, 3, first=3)
    assert heard.up_to("a", 1, 4 * STEP_NS) == 4 * BLOCK
    heard.reported(2 * BLOCK)
    assert heard.up_to("a", 1, 99 * STEP_NS) == 5 * BLOCK


def test_an_answer_that_an_earlier_process_began_goes_on_from_there() -> None:
    heard = HeardSound()
    sent(heard, 2, first=10)
    assert heard.up_to("a", 1, 0) == 10 * BLOCK


def test_a_client_that_plays_nothing_for_long_costs_no_memory() -> None:
    heard = HeardSound()
    heard.sent(BLOCK, STEP_NS, AnswerPosition("a", 1, BLOCK))
    heard.reported(0)
    sent(heard, 2 * MOST_BLOCKS, first=1)
    assert heard.up_to("a", 1, 0) == (MOST_BLOCKS + 1) * BLOCK
    heard.reported((2 * MOST_BLOCKS + 1) * BLOCK)
    assert heard.up_to("a", 1, 0) == (2 * MOST_BLOCKS + 1) * BLOCK
