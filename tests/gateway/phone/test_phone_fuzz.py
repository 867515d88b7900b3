"""Nothing that a telephone provider sends raises inside the gateway, and none of it is kept."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import Counter, deque
from typing import cast

import numpy as np
import pytest
from belongings import belongings
from fuzz_reception import Reception
from phone_fuzz import PhoneFuzz
from phone_lines import EVERY

from actors.gateway.access.message_meter import MessageKind
from actors.gateway.errors import CallerError
from actors.gateway.events import Message
from actors.gateway.options import GatewayOptions
from actors.gateway.phone.call import PhoneCall, PhoneCallState
from actors.gateway.phone.context import CallAdmission, CallContext, CallControl, Knock
from actors.gateway.phone.dialect import CallStarted
from actors.gateway.phone.dialects.audiosocket_splitter import AudioSocketSplitter
from actors.gateway.phone.doors.businesses import Businesses
from actors.gateway.phone.doors.call_contexts import context_of
from actors.gateway.phone.switchboard import PhoneLines, Switchboard
from actors.outputs.metronome import BLOCK_SAMPLES
from pipeline.frames import SpeechStarted
from pipeline.logs import get_logger

MESSAGES_PER_CALL = 30
FLAT_BYTES = 2_000_000
BLOCK = (np.arange(BLOCK_SAMPLES) * 37 % 2001).astype(np.int16)
READ_BYTES = (1, 2, 3, 100, 4096)
"""That come at a time by TCP."""


class Everybody:
    """Admission and control of calls of which nothing is known but what their lines say."""

    async def check(self, knock: Knock) -> None:
        """Let everybody in."""

    async def admit(self, knock: Knock, started: CallStarted) -> CallContext:
        return context_of(Businesses({}, ""), None, None, None, started)

    def closed(self, knock: Knock, call_id: str) -> None:
        """Keep nothing."""

    def hangs_up(self, provider: str) -> bool:
        return False

    def transfers(self, provider: str) -> bool:
        return False


class KeptWire:
    """A connection to which everything can be sent."""

    def __init__(self) -> None:
        self.joined = False
        self.sent: deque[Message] = deque(maxlen=10)
        self.is_closed = False

    def send(self, message: Message) -> None:
        assert isinstance(message, str | bytes)
        self.sent.append(message)

    def close(self, farewell: str) -> None:
        self.is_closed = True


def switchboard(reception: Reception) -> Switchboard:
    return Switchboard(
        reception.callers,
        PhoneLines(),
        cast("CallAdmission", Everybody()),
        cast("CallControl", Everybody()),
        lambda: "",
        GatewayOptions(),
        reception.work_of,
        Counter(),
        get_logger("gateway"),
    )


def as_sent(name: str, fuzz: PhoneFuzz) -> list[Message]:
    """Messages of a call; those of AudioSocket as they are cut out of what comes by TCP."""
    messages = list(fuzz.call(MESSAGES_PER_CALL))
    if name != "audiosocket" or fuzz.chance(0.3):
        return messages
    stream = b"".join(each for each in messages if isinstance(each, bytes))
    splitter, cut, at = AudioSocketSplitter(), list[Message](), 0
    while at < len(stream):
        size = READ_BYTES[at % len(READ_BYTES)]
        cut += splitter.feed(stream[at : at + size])
        at += size
    return cut


def play(board: Switchboard, fuzz: PhoneFuzz, now_ns: int) -> None:
    """Let answers be heard, broken off and held on whatever lines there are."""
    for session, line in list(board.lines.lines.items()):
        for _ in range(12):
            line.play(BLOCK, now_ns)
        line.beat(now_ns)
        if fuzz.chance(0.3):
            line.finish(now_ns)
        if fuzz.chance(0.2):
            line.suspend(now_ns)
        if fuzz.chance(0.2):
            line.resume(now_ns)
        if fuzz.chance(0.2):
            speech = SpeechStarted(session=session, turn=f"{session}:9", position=9, at_ns=now_ns)
            line.barge_in(speech, now_ns)
        line.murmur(now_ns)


async def hold(board: Switchboard, name: str, fuzz: PhoneFuzz) -> bool:
    """Have a call; return whether it came to a conversation."""
    wire = KeptWire()
    call = PhoneCall(EVERY[name](fuzz.query()), Knock(name), board, wire)
    now_ns = 0
    try:
        for message in as_sent(name, fuzz):
            taken = call.on_message(message)
            if not isinstance(taken, MessageKind):
                await taken
            now_ns += 20_000_000
            if fuzz.chance(0.3):
                play(board, fuzz, now_ns)
    except CallerError:
        pass  # As the routes do: the line is closed, and told why.
    finally:
        await call.closed()
    assert call.state is PhoneCallState.OVER
    return wire.joined


async def fuzzed(rounds: int, *, warm_up: int, seed: int) -> tuple[int, Counter[str]]:
    """Return by how many bytes memory has grown, and how many conversations each dialect had."""
    reception = Reception()
    board = switchboard(reception)
    fuzzes = {name: PhoneFuzz(name, seed) for name in EVERY}
    talks: Counter[str] = Counter()
    had, before = belongings(), 0
    tracemalloc.start()
    try:
        for number in range(warm_up + rounds):
            if number == warm_up:
                gc.collect()
                before = tracemalloc.get_traced_memory()[0]
            for name, fuzz in fuzzes.items():
                talks[name] += await hold(board, name, fuzz)
        while len(reception.callers):
            await asyncio.sleep(0)
        board.counters.clear()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    lines = board.lines
    assert (lines.lines, lines.outputs, lines.enders) == ({}, {}, {})
    assert reception.failures == []
    assert belongings() == had
    return grown, talks


def test_seeded_calls_of_every_dialect_are_served_or_refused_f28() -> None:
    _, talks = asyncio.run(fuzzed(5, warm_up=0, seed=1))
    assert set(talks) == set(EVERY)
    assert min(talks.values()) > 0, "each came to conversations"


@pytest.mark.slow
def test_fifty_thousand_messages_of_calls_leave_no_fault_and_no_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # So many sessions that are over are full before memory is measured.
    monkeypatch.setattr("actors.gateway.past_sessions.MOST_REMEMBERED", 100)
    grown, _ = asyncio.run(fuzzed(130, warm_up=20, seed=2))
    assert grown < FLAT_BYTES
