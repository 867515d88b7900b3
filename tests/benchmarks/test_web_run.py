"""What is counted of a crowd of callers on WebSockets."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import psutil
import pytest

from benchmarks.live_server.crowd import CrowdServer, SpokenBlock
from benchmarks.marks import BLOCK_BYTES, mark
from benchmarks.peers.observation import CollapsedError
from benchmarks.peers.web_programs import PeerServing
from benchmarks.web_callers.talker import Talk
from benchmarks.web_load import further, row
from benchmarks.web_run import WebLoad, WebWork, down_ms, up_ms

MS = 1_000_000


class NoSocket:
    """Stands for a connection; what is sent goes nowhere."""

    def send(self, message: bytes) -> None:
        pass


def _blocks(caller: int, numbers: range) -> bytes:
    noise = np.random.default_rng(1).integers(-9_000, 9_000, BLOCK_BYTES // 2).astype("<i2")
    return b"".join(mark(noise.tobytes(), caller, number) for number in numbers)


def _sound(pcm: bytes) -> bytes:
    return b'{"realtime_input": {"audio": {"data": "' + base64.b64encode(pcm) + b'"}}}'


def _told(what: bytes) -> bytes:
    return b'{"realtime_input": {"' + what + b'": {}}}'


def test_a_block_came_with_its_last_sample_wherever_messages_are_cut() -> None:
    server = CrowdServer(1)
    listener: Any = server._converse(NoSocket(), {})  # type: ignore[arg-type]
    pcm = _blocks(7, range(40, 46))
    cut = 3 * BLOCK_BYTES - 100
    for at_ns, message in (
        (1, _told(b"activity_start")),
        (2, _sound(pcm[:cut])),
        (3, _sound(pcm[cut : 4 * BLOCK_BYTES])),
        (4, _told(b"activityEnd")),
        (5, _sound(pcm[4 * BLOCK_BYTES : 5 * BLOCK_BYTES])),
        (6, _told(b"activityStart")),
        (7, _sound(pcm[5 * BLOCK_BYTES :])),
    ):
        listener.on_message(message, at_ns)
    seen = server.journal()
    assert [tuple(each) for each in seen["spoken"]] == [
        (2, 7, 40, 1),
        (2, 7, 41, 1),
        (3, 7, 42, 1),
        (3, 7, 43, 1),
        (5, 7, 44, 0),
        (7, 7, 45, 6),
    ]
    assert [tuple(each) for each in seen["arrivals"]] == [(5, 7, 44), (7, 7, 45)]


def test_only_what_was_sent_in_mid_turn_is_on_its_way_up() -> None:
    talk = Talk(sent={1: 10 * MS, 2: 30 * MS, 3: 50 * MS, 4: 70 * MS, 5: 990 * MS})
    spoken = [
        SpokenBlock(42 * MS, 0, 1, 40 * MS),  # Said before there was word of speech.
        SpokenBlock(35 * MS, 0, 2, 20 * MS),
        SpokenBlock(57 * MS, 0, 3, 20 * MS),
        SpokenBlock(71 * MS, 0, 4, 0),  # Silence between two turns.
        SpokenBlock(999 * MS, 0, 5, 20 * MS),  # After the window.
        SpokenBlock(60 * MS, 0, 9, 20 * MS),  # Never sent.
    ]
    assert up_ms(spoken, [talk], range(5 * MS, 900 * MS)) == [5.0, 7.0]


def test_an_answer_is_heard_with_the_first_sound_after_it_unless_that_is_of_another() -> None:
    talks = [Talk(sounds=[90 * MS, 104 * MS, 124 * MS]), Talk(sounds=[4_000 * MS])]
    answers = [(100 * MS, 0), (100 * MS, 1), (200 * MS, 0), (4 * MS, 0)]
    assert down_ms(answers, talks, range(50 * MS, 900 * MS)) == [4.0]


def _load(callers: int, seconds: float, mib: float) -> tuple[WebWork, WebLoad]:
    load = WebLoad(callers, [1.0, 3.0], [2.0], 4, {"a": seconds}, {"a": mib, "files": 50.0}, {})
    return WebWork(callers), load


def test_a_row_says_what_was_measured() -> None:
    work, load = _load(10, 1.5, 100)
    assert row("Somebody", work, load) == [
        "10, answers played",
        "Somebody",
        "2",
        "1.0 / 3.0 / 3",
        "2.0 / 2.0 / 2",
        "4; 1",
        "1.50",
        "150",
    ]
    nothing = WebLoad(7, [], [], 4, {}, {}, {})
    assert row("Somebody", WebWork(10, plays=False), nothing)[:5] == [
        "10 (3 not served), listening",
        "Somebody",
        "0",
        "none",
        "none",
    ]


def test_a_further_caller_costs_the_difference() -> None:
    told = further(_load(10, 2.0, 100), _load(100, 0.5, 280))
    assert told == "a further caller, from 10 to 100: 2.00 MiB, 0.33 s a minute"


def test_a_server_that_ended_has_collapsed() -> None:
    class Gone:
        def children(self, *, recursive: bool) -> list[Any]:
            raise psutil.NoSuchProcess(1)

    with pytest.raises(CollapsedError, match="ended in the middle"):
        PeerServing(["http://nowhere"], [Gone()]).used_s()  # type: ignore[list-item]
