from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from actors.gateway.access.message_meter import MessageKind
from actors.gateway.events import Message
from actors.gateway.inbox import MOST_WAITING_BYTES, Inbox


def in_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(test())

    return run


class Office:
    """Takes messages: those that begin with `slow` when it is told to go on."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.pauses: list[bool] = []
        self.may_go_on = asyncio.Event()
        self.rest_s = 0.0
        self.inbox = Inbox(self.on_message, lambda _kind, _size: self.rest_s, self.pauses.append)

    def on_message(self, message: Message) -> MessageKind | asyncio.Task[MessageKind]:
        if message == "wrong":
            raise ValueError(message)
        if isinstance(message, str):
            return asyncio.ensure_future(self.take_later(message))
        self.taken.append(message)
        return MessageKind.SOUND

    async def take_later(self, message: Message) -> MessageKind:
        await self.may_go_on.wait()
        self.taken.append(message)
        return MessageKind.OTHER


@in_loop
async def test_a_block_of_sound_is_handed_on_before_take_returns() -> None:
    office = Office()
    office.inbox.take(b"block")
    assert office.taken == [b"block"]
    assert not office.pauses


@in_loop
async def test_what_comes_while_one_is_waited_for_comes_after_it() -> None:
    office = Office()
    for message in ("slow", b"1", b"2", "slow too", b"3"):
        office.inbox.take(message)
    assert not office.taken
    office.may_go_on.set()
    async with asyncio.timeout(5):
        while len(office.taken) < 5:
            await asyncio.sleep(0)
    assert office.taken == ["slow", b"1", b"2", "slow too", b"3"]
    office.inbox.take(b"4")
    assert office.taken[-1] == b"4"


@in_loop
async def test_who_sends_more_than_is_read_at_once_waits() -> None:
    office = Office()
    office.inbox.take("slow")
    office.inbox.take(bytes(MOST_WAITING_BYTES))
    assert not office.pauses
    office.inbox.take(b"one more")
    assert office.pauses == [True]
    office.may_go_on.set()
    async with asyncio.timeout(5):
        while office.pauses[-1]:
            await asyncio.sleep(0)
    assert office.taken[-1] == b"one more"


@in_loop
async def test_nothing_is_read_while_who_is_too_fast_waits() -> None:
    office = Office()
    office.rest_s = 3600.0
    office.inbox.take(b"1")
    office.inbox.take(b"2")
    await asyncio.sleep(0)
    assert office.taken == [b"1"]
    assert office.pauses == [True]
    await office.inbox.close()
    assert office.pauses == [True, False]


@in_loop
async def test_a_message_that_ends_the_connection_is_the_last_that_is_taken() -> None:
    office = Office()
    office.inbox.take("wrong")
    office.inbox.take(b"1")
    assert not office.taken
    with pytest.raises(ValueError, match="wrong"):
        await office.inbox.failed


@in_loop
async def test_one_that_waited_may_end_it_too() -> None:
    office = Office()
    office.inbox.take("slow")
    office.inbox.take("wrong")
    office.inbox.take(b"1")
    office.may_go_on.set()
    with pytest.raises(ValueError, match="wrong"):
        await office.inbox.failed
    assert office.taken == ["slow"]
