"""What was said, as subtitles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from actors.lib.languages.columns import pieces_of
from actors.recordings.timeline import TurnSpan

LETTERS = 84
"""Two lines of 42, as is usual for subtitles."""


class Caption(NamedTuple):
    """Some words, shown from when to when, monotonic."""

    begin_ns: int
    end_ns: int
    text: str


def captions_of(turns: Iterable[TurnSpan], end_ns: int) -> list[Caption]:
    """Return the words of the turns in order, none while another is shown.

    What was said stands until the answer is heard; a long answer is spread evenly over the time
    that it took.

    Args:
        turns: Of the conversation.
        end_ns: Until when a turn is shown that was not closed.
    """
    found = sorted(each for turn in turns for each in _of(turn, end_ns))
    ends_ns = [each.begin_ns for each in found[1:]] + [end_ns]
    cut = (
        each._replace(end_ns=min(each.end_ns, next_ns))
        for each, next_ns in zip(found, ends_ns, strict=True)
    )
    return [each for each in cut if each.begin_ns < each.end_ns]


def _of(turn: TurnSpan, end_ns: int) -> Iterator[Caption]:
    closed_ns = turn.end_ns or end_ns
    recorded = turn.recorded
    answered_ns = turn.sounded_ns or closed_ns
    yield from _spread(f"user: {recorded.said}", recorded.said, turn.begin_ns, answered_ns)
    answer = f"{recorded.by or 'answer'}: {recorded.answer}"
    if turn.sounded_ns is not None:
        yield from _spread(answer, recorded.answer, turn.sounded_ns, closed_ns)


def _spread(text: str, words: str, begin_ns: int, end_ns: int) -> Iterator[Caption]:
    pieces = pieces_of(text, LETTERS) if words else []
    for n, piece in enumerate(pieces):
        first_ns, next_ns = (begin_ns + (end_ns - begin_ns) * k // len(pieces) for k in (n, n + 1))
        yield Caption(first_ns, next_ns, piece)
