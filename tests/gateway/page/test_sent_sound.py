"""What the module of a caller sends again when it comes back, run by node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from node_script import answer_of

from actors.gateway.website.page import FOLDER

SCRIPT = Path(__file__).with_name("sent_sound.mjs")
CONNECT = ("connect", 0)


def run(*steps: tuple[str, Any]) -> Any:
    return answer_of(SCRIPT, {"folder": str(FOLDER), "steps": steps})


def started(sound: int | None = None) -> tuple[str, Any]:
    message = {"type": "session_started", "session_id": "anna"}
    return "comes", message if sound is None else {**message, "sound": sound}


def sound_of(messages: list[Any]) -> list[int]:
    return [sample for each in messages if isinstance(each, list) for sample in each]


def offer_of(messages: list[Any]) -> Any:
    (start,) = [each for each in messages if isinstance(each, dict)]
    return start["sound"]


def test_what_is_said_is_sent_once_the_session_is_there() -> None:
    (first,) = run(CONNECT, ("says", 320), started(320), ("says", 4), ("says", 3))["told"]
    assert offer_of(first) == {"from": 0, "next": 0, "position": 0}
    assert sound_of(first) == list(range(320, 327))


def test_a_gateway_that_does_not_count_is_sent_what_is_new() -> None:
    (first,) = run(CONNECT, ("says", 320), started(), ("says", 4))["told"]
    assert sound_of(first) == list(range(320, 324))


def test_another_room_is_sent_all_that_is_not_done_with() -> None:
    done = ("comes", {"type": "sound_done", "sound": 500, "position": 9000})
    lost = ("loses", "")
    first, second = run(
        CONNECT, started(0), *[("says", 320)] * 3, done, lost, ("says", 320), CONNECT, started(510)
    )["told"]
    assert sound_of(first) == list(range(960))
    assert offer_of(second) == {"from": 500, "next": 1280, "position": 9000}
    assert sound_of(second) == list(range(510, 1280))


def test_ten_seconds_are_kept() -> None:
    blocks = [("says", 16_000)] * 12
    first, second = run(CONNECT, started(0), *blocks, ("loses", ""), CONNECT)["told"]
    assert len(sound_of(first)) == 12 * 16_000
    assert offer_of(second) == {"from": 32_000, "next": 192_000, "position": 32_000}


def test_it_moves_at_once_when_it_is_told_to_and_not_where_the_gateway_only_stops() -> None:
    goes = {"type": "going_away", "detail": "go", "moves": True}
    result = run(CONNECT, started(0), ("comes", goes))
    assert (result["timers"], result["state"]) == ([0], "waiting")
    result = run(CONNECT, started(0), ("comes", {**goes, "moves": False}))
    assert (result["timers"], result["state"]) == ([], "open")


def test_a_room_that_is_gone_is_left_within_a_tenth_of_a_second() -> None:
    (wait_ms,) = run(CONNECT, started(0), ("loses", ""))["timers"]
    assert 0 < wait_ms <= 30
