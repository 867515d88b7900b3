"""A session that is kept connected: what is told when a connection ends, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.realtime.connection_loop import ConnectionLoop
from actors.backends.realtime.link import LinkOverError, Seed
from actors.backends.realtime.options import RealtimeOptions
from pipeline.frames import BackendState, FaultClass

QUOTA = FaultInfo(FaultClass.QUOTA, FaultAction.COOL_DOWN, 1011, "quota")


class SlowLink:
    """Fails, and takes for ever to close its socket."""

    peer = "nobody"

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self.closed = False

    async def connect(self, _seed: Seed, _manner: RealtimeOptions) -> None:
        pass

    async def listen(self, _on_event: Callable[[Any], None]) -> None:
        raise LinkOverError(QUOTA)

    async def aclose(self) -> None:
        await self.closing.wait()
        self.closed = True


class Told:
    """Service, session and reporter in one: hears what the loop says."""

    def __init__(self, link: SlowLink) -> None:
        self._link = link
        self.links = 0
        self.said: list[str] = []
        self.changed = asyncio.Event()

    async def link(self, _manner: RealtimeOptions, _session: str) -> SlowLink:
        self.links += 1
        return self._link

    def ready_in_s(self, _manner: RealtimeOptions, _session: str) -> float | None:
        return 60.0

    async def rest(self, _session: str, wait_s: float) -> None:
        await asyncio.sleep(wait_s)

    def ended(self, session: str) -> None:
        self.say(f"{session} ended")

    def seed(self, _peer: str, _left_out: frozenset[str]) -> Seed:
        return Seed()

    async def on_listened(self) -> None:
        pass

    def look_ahead(self) -> None:
        pass

    def on_link(self, event: object) -> None:
        self.say(type(event).__name__)

    def status(self, state: BackendState, *_more: object) -> None:
        self.say(state.value)

    def fault(self, info: FaultInfo, _decision: object) -> None:
        self.say(info.fault.value)

    def say(self, what: str) -> None:
        self.said.append(what)
        self.changed.set()


def test_others_are_told_of_a_fault_before_the_socket_is_closed() -> None:
    async def play() -> None:
        link = SlowLink()
        told = Told(link)
        every = cast(Any, told)
        loop = ConnectionLoop(every, RealtimeOptions(), "anna", every, every)
        running = asyncio.create_task(loop.run(lambda _event: None))
        async with asyncio.timeout(10):
            while "LinkGone" not in told.said:
                told.changed.clear()
                await told.changed.wait()
        assert told.said[1:3] == ["LinkUp", "quota"]
        assert not link.closed
        assert loop.link is None
        link.closing.set()
        while not link.closed:
            await asyncio.sleep(0)
        assert told.links == 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert told.said[-1] == "anna ended", "its place is free"

    asyncio.run(play())
