"""The loop of an actor's process: what is watched directly, beside what asyncio watches."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from pipeline.bus.direct_loop import new_event_loop, unwatch, watch

PATIENCE_S = 20.0
Pipe = tuple[int, int]


@pytest.fixture
def pipes() -> Iterator[tuple[Pipe, Pipe]]:
    """Two pipes, each with a descriptor to read and one to write."""
    made = os.pipe(), os.pipe()
    yield made
    for pipe in made:
        for fd in pipe:
            os.close(fd)


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    """Run a coroutine on a loop of an actor's process."""

    async def patiently() -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await work()

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(patiently())


def test_is_called_for_each_thing_that_comes(pipes: tuple[Pipe, Pipe]) -> None:
    (source, sink), _ = pipes

    async def work() -> list[bytes]:
        loop, found = asyncio.get_running_loop(), []
        done = loop.create_future()

        def read() -> None:
            found.append(os.read(source, 1))
            if len(found) == 3:
                done.set_result(None)
            else:
                os.write(sink, b"y")

        watch(loop, source, read)
        os.write(sink, b"x")
        await done
        unwatch(loop, source)
        return found

    assert run(work) == [b"x", b"y", b"y"]


def test_what_asyncio_watches_comes_beside_it(pipes: tuple[Pipe, Pipe]) -> None:
    (source, sink), (other_source, other_sink) = pipes

    async def work() -> list[str]:
        loop, found = asyncio.get_running_loop(), []
        both = asyncio.Event()

        def read(fd: int, name: str) -> None:
            os.read(fd, 1)
            found.append(name)
            if len(found) == 2:
                both.set()

        watch(loop, source, lambda: read(source, "directly"))
        loop.add_reader(other_source, read, other_source, "asyncio")
        # Both are ready in the same turn of the loop.
        os.write(sink, b"x")
        os.write(other_sink, b"x")
        await both.wait()
        loop.remove_reader(other_source)
        unwatch(loop, source)
        return sorted(found)

    assert run(work) == ["asyncio", "directly"]


def test_one_may_end_what_asyncio_watches_and_is_ready(pipes: tuple[Pipe, Pipe]) -> None:
    (source, sink), (other_source, other_sink) = pipes

    async def work() -> None:
        loop = asyncio.get_running_loop()
        seen = loop.create_future()

        def read() -> None:
            os.read(source, 1)
            loop.remove_reader(other_source)
            seen.set_result(None)

        watch(loop, source, read)
        loop.add_reader(other_source, lambda: pytest.fail("it was called"))
        os.write(sink, b"x")
        os.write(other_sink, b"x")
        await seen
        for _ in range(3):
            await asyncio.sleep(0)
        unwatch(loop, source)

    run(work)


def test_a_socket_that_takes_more_is_written_and_one_that_is_closed_is_read() -> None:
    async def work() -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        here, there = socket.socketpair()
        for each in (here, there):
            each.setblocking(False)
        with here, there:
            size = 1 << 20
            sending = asyncio.ensure_future(loop.sock_sendall(here, bytes(size)))
            came = 0
            while came < size:
                came += len(await loop.sock_recv(there, 1 << 16))
            await sending
            waiting = asyncio.ensure_future(loop.sock_recv(there, 1))
            await asyncio.sleep(0)
            here.shutdown(socket.SHUT_WR)
            return came, await waiting

    assert run(work) == (1 << 20, b"")


def test_is_not_called_once_it_is_unwatched(pipes: tuple[Pipe, Pipe]) -> None:
    (source, sink), (other_source, other_sink) = pipes

    async def work() -> None:
        loop = asyncio.get_running_loop()
        seen = loop.create_future()
        watch(loop, source, lambda: pytest.fail("it was called"))
        unwatch(loop, source)
        unwatch(loop, source)
        watch(loop, other_source, lambda: seen.done() or seen.set_result(None))
        os.write(sink, b"x")
        os.write(other_sink, b"x")
        await seen
        unwatch(loop, other_source)

    run(work)


def test_one_may_end_the_watch_of_another_that_is_ready(pipes: tuple[Pipe, Pipe]) -> None:
    """As closing one socket from the handler of another does."""
    ends = dict(pipes)

    async def work() -> list[int]:
        loop, called = asyncio.get_running_loop(), []

        def read(fd: int) -> None:
            called.append(fd)
            for each in ends:
                unwatch(loop, each)

        for fd, sink in ends.items():
            os.write(sink, b"x")
            watch(loop, fd, lambda fd=fd: read(fd))
        for _ in range(3):
            await asyncio.sleep(0)
        return called

    assert len(run(work)) == 1


def test_an_exception_goes_to_the_loop_and_the_watch_goes_on(pipes: tuple[Pipe, Pipe]) -> None:
    (source, sink), _ = pipes

    async def work() -> list[BaseException]:
        loop = asyncio.get_running_loop()
        complaints: list[BaseException] = []
        again = loop.create_future()
        loop.set_exception_handler(lambda _, context: complaints.append(context["exception"]))

        def read() -> None:
            os.read(source, 1)
            if complaints:
                again.set_result(None)
            else:
                os.write(sink, b"x")
                raise ValueError("broken")

        watch(loop, source, read)
        os.write(sink, b"x")
        await again
        unwatch(loop, source)
        return complaints

    (complaint,) = run(work)
    assert isinstance(complaint, ValueError)


def test_what_a_callback_sets_in_its_context_stays_there(pipes: tuple[Pipe, Pipe]) -> None:
    (source, sink), _ = pipes
    session: ContextVar[str] = ContextVar("session", default="")

    async def work() -> str:
        loop = asyncio.get_running_loop()
        seen = loop.create_future()

        def read() -> None:
            os.read(source, 1)
            session.set("a caller's")
            loop.call_later(0, lambda: seen.set_result(None))

        watch(loop, source, read)
        os.write(sink, b"x")
        await seen
        unwatch(loop, source)
        return session.get()

    assert run(work) == ""


def test_a_timer_that_a_callback_sets_is_not_late(pipes: tuple[Pipe, Pipe]) -> None:
    """Nothing else wakes the loop."""
    (source, sink), _ = pipes

    async def work() -> None:
        loop = asyncio.get_running_loop()
        fired = loop.create_future()

        def read() -> None:
            os.read(source, 1)
            loop.call_later(0.001, fired.set_result, None)

        watch(loop, source, read)
        os.write(sink, b"x")
        await fired
        unwatch(loop, source)

    run(work)


def test_its_descriptors_are_given_back() -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(3):
        loop = new_event_loop()
        loop.close()
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_dead_address_of_a_name_does_not_hold_up_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def connect() -> str:
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        resolve, reach = loop._ensure_resolved, loop.sock_connect  # type: ignore[attr-defined]

        async def addresses(address: tuple[str, int], **options: Any) -> Any:
            if address[0] != "two.addresses.test":
                return await resolve(address, **options)
            stream = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
            return [(*stream, (host, port)) for host in ("127.0.0.2", "127.0.0.1")]

        async def sock_connect(sock: socket.socket, address: tuple[str, int]) -> None:
            if address[0] == "127.0.0.2":
                await asyncio.Event().wait()
            await reach(sock, address)

        monkeypatch.setattr(loop, "_ensure_resolved", addresses)
        monkeypatch.setattr(loop, "sock_connect", sock_connect)
        async with server, asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("two.addresses.test", port)
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()
        return "reached"

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(connect()) == "reached"
