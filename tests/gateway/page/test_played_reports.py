"""What the module of a caller says of the sound that it was sent, run by node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from node_script import answer_of

from actors.gateway.website.page import FOLDER

SCRIPT = Path(__file__).with_name("reports.mjs")
CONNECT = ("connect", 0)


def told(*steps: tuple[str, float]) -> list[list[Any]]:
    """Return the messages over each connection."""
    messages: list[list[Any]] = answer_of(SCRIPT, {"folder": str(FOLDER), "steps": steps})
    return messages


def played(ms: float) -> dict[str, Any]:
    return {"type": "played", "ms": ms}


def test_the_gateway_is_told_what_left_the_loudspeaker_not_too_often_and_only_once() -> None:
    (said,) = told(
        CONNECT,
        ("played", 0),
        ("comes", 400),
        ("played", 100),
        ("passes", 50),
        ("played", 150),
        ("passes", 50),
        ("played", 200),
        ("passes", 500),
        ("played", 200),
    )
    assert said == [played(100), played(200)]


def test_what_the_system_holds_back_was_not_heard_yet() -> None:
    (said,) = told(
        CONNECT,
        ("latency", 150),
        ("comes", 400),
        ("played", 100),
        ("passes", 200),
        ("played", 300),
    )
    assert said == [played(150)]


def test_firefox_is_not_asked_for_the_delay_of_its_sound() -> None:
    (said,) = told(CONNECT, ("firefox", 0), ("comes", 400), ("played", 100))
    assert said == [played(100)]


def test_each_connection_is_counted_by_itself() -> None:
    """Of the one before, the worklet may still say something; what was thrown away counts."""
    first, second = told(
        CONNECT,
        ("comes", 400),
        ("played", 100),
        ("passes", 200),
        CONNECT,
        ("played", 120),
        ("passes", 200),
        ("played", 400),
        ("comes", 200),
        ("passes", 200),
        ("played", 450),
    )
    assert (first, second) == ([played(100)], [played(50)])
