from __future__ import annotations

import pytest

from pipeline.frames import SessionOpened, Side
from pipeline.frames.wire import decode, encode
from pipeline.sessions.refusal import MOST_HISTORY_CHARACTERS, refusal


@pytest.mark.parametrize(("characters", "why"), [(0, ""), (1, "a history has up to")])
def test_a_history_has_its_limit(characters: int, why: str) -> None:
    said = [(Side.USER, "a" * (MOST_HISTORY_CHARACTERS - 1)), (Side.MODEL, "b" * (1 + characters))]
    assert refusal(SessionOpened(session="a", history=said)).startswith(why)


def test_a_history_stays_what_it_is_on_the_wire() -> None:
    opened = SessionOpened(session="a", history=[(Side.USER, "Hello."), (Side.MODEL, "Hi.")])
    assert decode(encode(opened, seq=0, boot=0, sent_ns=0)) == opened
