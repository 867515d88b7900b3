"""The user's words are parted from the answer, as models write them and as they should not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.backends.gemini.http.heard import LONGEST, HeardSplitter


def split(text: str, size: int) -> tuple[str, str]:
    splitter = HeardSplitter()
    answer = "".join(splitter.feed(text[i : i + size]) for i in range(0, len(text), size))
    answer += splitter.flush()
    return splitter.heard, answer


@pytest.mark.parametrize(
    ("reply", "heard", "answer"),
    [
        ("<heard>go forward</heard>\nMoving.", "go forward", "Moving."),
        ("<heard>go forward</heard> Moving.", "go forward", "Moving."),
        ("  \n`<heard>go  on</heard>`\n\nYes.", "go on", "Yes."),
        ("**<HEARD>Go</HEARD>**\nYes.", "Go", "Yes."),
        ("<heard></heard>\nI heard nothing.", "", "I heard nothing."),
        ("<heard>go forward\nMoving.", "go forward", "Moving."),
        ("<heard>go forward</heard>", "go forward", ""),
        ("<heard>go forward", "go forward", ""),
        ("<heard>go\nforward</HEARD>`", "go forward", ""),
        ("Moving.", "", "Moving."),
        ("<he said nothing", "", "<he said nothing"),
        ("<hea", "", "<hea"),
        ("You said <heard>that</heard>.", "", "You said <heard>that</heard>."),
        ("", "", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 8, 1000])
def test_words_of_the_user_are_parted_from_the_answer(
    reply: str, heard: str, answer: str, size: int
) -> None:
    assert split(reply, size) == (heard, answer)


def test_answer_is_given_as_soon_as_there_is_no_line_to_expect() -> None:
    assert HeardSplitter().feed("It is") == "It is"


def test_words_without_an_end_do_not_swallow_the_answer_for_ever() -> None:
    heard, answer = split("<heard>what now\n" + "x" * (LONGEST + 10), 100)
    assert heard == "what now"
    assert answer == "x" * (LONGEST + 10)


@given(st.text(alphabet="<heard>/ ab\n", max_size=60), st.integers(1, 9))
def test_pieces_do_not_matter(reply: str, size: int) -> None:
    assert split(reply, size) == split(reply, 1000)
