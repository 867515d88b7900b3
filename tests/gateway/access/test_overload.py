"""More callers than the machine can serve: nobody new, and those who are there go on."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest
from gateway_client import gateway_on_stage

from actors.gateway.access.load import LOOKS, MOST_LATE_S, Load
from actors.gateway.caller_socket import AT_ONCE_BYTES
from actors.gateway.events import Message
from actors.gateway.inbox import Inbox
from pipeline.frames import Audio, SessionEnd, SessionEnded

BLOCK_BYTES = 640
BLOCKS = 200
"""Far more than is taken at once, and less than waits at a socket of any system."""


def test_a_moment_is_no_load() -> None:
    load = Load()
    for _ in range(LOOKS // 2):
        load.add(10.0)
    assert not load.is_too_high
    for _ in range(LOOKS):
        load.add(0.0)
    for _ in range(LOOKS // 2 - 1):
        load.add(10.0)
    assert not load.is_too_high
    for _ in range(LOOKS):
        load.add(MOST_LATE_S * 1.1)
    assert load.is_too_high
    for _ in range(LOOKS):
        load.add(MOST_LATE_S * 0.9)
    assert not load.is_too_high


def test_nobody_new_is_served_late_and_who_is_there_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = "/api/v1/live-audio/session/start"
    with gateway_on_stage() as gateway:
        early = gateway.connect("/ws/live-audio?audio=binary")
        session = gateway.start(early)
        monkeypatch.setattr(Load, "late_s", 1.0)
        code, told = gateway.request("POST", start, {"session_id": "late"})
        assert (code, told["code"]) == (503, "overloaded")
        late = gateway.connect()
        told = gateway.say(late, type="start_session", session_id="late")
        assert (told["type"], told["code"]) == ("error", "overloaded")
        assert gateway.request("GET", "/readyz")[0] == 503
        assert gateway.harness.actor.counters["refused_overloaded"] == 2
        early.send(bytes(BLOCK_BYTES))
        assert gateway.harness.expect("audio", Audio).session == session
        gateway.meanwhile(early.close)
        told = gateway.say(late, type="start_session", session_id=session)
        assert told["type"] == "session_started", "who comes back is not new"
        monkeypatch.setattr(Load, "late_s", 0.0)
        assert gateway.request("POST", start, {"session_id": "late"}, opens=True)[0] == 200


def test_what_waits_at_a_socket_is_taken_a_little_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Heartbeats go out in between; all of it is heard, in order, also by who leaves at once."""
    taken: Counter[int] = Counter()
    turns: list[None] = []
    take = Inbox.take

    def take_and_count(self: Inbox, message: Message) -> None:
        taken[len(turns)] += len(message)
        asyncio.get_running_loop().call_soon(turns.append, None)
        take(self, message)

    with gateway_on_stage() as gateway:
        client = gateway.connect("/ws/live-audio?audio=binary")
        gateway.start(client)
        monkeypatch.setattr(Inbox, "take", take_and_count)
        for number in range(BLOCKS):
            client.send(number.to_bytes(2, "little") * (BLOCK_BYTES // 2))
        heard = [gateway.harness.expect("audio", Audio) for _ in range(BLOCKS)]
        assert [int.from_bytes(each.pcm[:2], "little") for each in heard] == list(range(BLOCKS))
        assert sum(taken.values()) == BLOCKS * BLOCK_BYTES
        # A message whose first half came before may be one more.
        most = AT_ONCE_BYTES + BLOCK_BYTES
        assert max(taken.values()) < most, "others had their turn in between"
        for _ in range(BLOCKS):
            client.send(bytes(BLOCK_BYTES))
        client.send(json.dumps({"type": "end_session"}))
        gateway.begin(client.close)
        assert gateway.harness.expect("sessions", SessionEnded).reason is SessionEnd.HUNG_UP
