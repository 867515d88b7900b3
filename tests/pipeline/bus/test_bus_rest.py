"""A socket that is not read for a while because a handler said so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import pytest
import zmq
from socket_reading import PATIENCE_S, Reading

from pipeline.bus.alarm import HAS_ALARM, Alarm
from pipeline.bus.direct_loop import new_event_loop

HOUR_NS = 3_600_000_000_000


class RestingReader(Reading):
    """Is told to rest after some of the numbers."""

    def __init__(self, socket: zmq.Socket[bytes], rests: dict[int, int]) -> None:
        self.last_ns = 0
        self._rests = rests
        super().__init__(socket)

    def _take(self, message: list[bytes]) -> None:
        super()._take(message)
        self.last_ns = time.monotonic_ns()
        if (due_ns := self._rests.get(self.got[-1])) is not None:
            self.reader.rest_until(due_ns)


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work)


def test_what_comes_while_it_rests_is_read_together_and_then(
    sockets: tuple[zmq.Socket[bytes], zmq.Socket[bytes]],
) -> None:
    sender, receiver = sockets

    async def rest(rest_ns: int) -> bool:
        due_ns = time.monotonic_ns() + rest_ns
        reading = RestingReader(receiver, {0: due_ns})
        sender.send(b"0")
        await reading.until(1)
        for number in (1, 2, 3):
            sender.send(b"%d" % number)
        in_time = time.monotonic_ns() < due_ns
        await reading.until(4)
        assert reading.got == [0, 1, 2, 3]
        if HAS_ALARM and in_time:
            assert reading.drained == 2
            assert reading.last_ns >= due_ns
        sender.send(b"4")  # As it comes again.
        await reading.until(5)
        reading.reader.close()
        return in_time

    async def work() -> None:
        # A machine that stands still for longer than a rest lasts shows nothing of it.
        for rest_ns in (300_000_000, 2_000_000_000, 10_000_000_000):
            if await rest(rest_ns):
                return
        raise AssertionError("three messages took 10 s to be sent")

    run(work())


def test_who_rested_in_vain_is_called_by_what_comes_later(
    sockets: tuple[zmq.Socket[bytes], zmq.Socket[bytes]],
) -> None:
    sender, receiver = sockets

    async def work() -> None:
        reading = RestingReader(receiver, {0: time.monotonic_ns() + 20_000_000})
        sender.send(b"0")
        await reading.until(1)
        # Nothing tells of the end of a rest in which nothing came: five times as long.
        await asyncio.sleep(0.1)
        sender.send(b"1")
        await reading.until(2)
        reading.reader.close()

    run(work())


@pytest.mark.parametrize("rests_for", [{0: HOUR_NS}, {0: HOUR_NS, 1: -1}])
def test_the_last_that_was_handled_decides_and_a_time_that_is_past_is_no_rest(
    near_sockets: tuple[zmq.Socket[bytes], zmq.Socket[bytes]], rests_for: dict[int, int]
) -> None:
    sender, receiver = near_sockets

    async def work() -> None:
        sender.send(b"0")
        sender.send(b"1")
        now_ns = time.monotonic_ns()
        reading = RestingReader(receiver, {n: now_ns + for_ns for n, for_ns in rests_for.items()})
        reading.reader.kick()
        await reading.until(2)
        sender.send(b"2")
        await reading.until(3)
        reading.reader.close()

    run(work())


def test_who_is_asked_to_read_now_rests_no_longer(
    sockets: tuple[zmq.Socket[bytes], zmq.Socket[bytes]],
) -> None:
    sender, receiver = sockets

    async def work() -> None:
        reading = RestingReader(receiver, {0: time.monotonic_ns() + HOUR_NS})
        sender.send(b"0")
        await reading.until(1)
        sender.send(b"1")
        async with asyncio.timeout(PATIENCE_S):
            while reading.got != [0, 1]:
                reading.reader.read_now()
                await asyncio.sleep(0.001)
        sender.send(b"2")
        await reading.until(3)
        reading.reader.close()

    run(work())


if HAS_ALARM:

    def test_an_alarm_rings_once_at_the_time_that_was_set_last() -> None:
        async def work() -> None:
            rang: list[int] = []
            done = asyncio.Event()

            def ring() -> None:
                rang.append(time.monotonic_ns())
                done.set()

            alarm = Alarm(asyncio.get_running_loop(), ring)
            alarm.set(time.monotonic_ns() + 1_000_000)
            due_ns = time.monotonic_ns() + 60_000_000
            alarm.set(due_ns)
            async with asyncio.timeout(PATIENCE_S):
                await done.wait()
            await asyncio.sleep(0.02)
            alarm.close()
            assert len(rang) == 1
            assert rang[0] >= due_ns

        run(work())
