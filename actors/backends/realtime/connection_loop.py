"""Keeps a session connected: one link after the other, for as long as that is of use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Protocol

from actors.backends.fault_info import FaultInfo
from actors.backends.realtime.events import (
    Connecting,
    Event,
    LinkChange,
    LinkDown,
    LinkGone,
    LinkUp,
)
from actors.backends.realtime.link import Link, LinkOverError, Seed, Service
from actors.backends.realtime.options import RealtimeOptions
from actors.backends.realtime.reconnect_policy import ReconnectPolicy
from actors.backends.realtime.reconnect_timer import ReconnectTimer
from actors.backends.realtime.status_reporter import StatusReporter
from pipeline.frames import BackendState

STABLE_S = 30.0
"""A connection that lived this long worked, even if nobody asked it anything."""


class Connected(Protocol):
    """Whoever is kept connected."""

    def seed(self, peer: str, left_out: frozenset[str]) -> Seed:
        """Return how to begin a connection to `peer`."""

    def look_ahead(self) -> None:
        """Notice a pause, in which to move."""

    async def on_listened(self) -> None:
        """Return once what is published is heard; called before anything is said."""

    def on_link(self, change: LinkChange) -> None:
        """Something became of the connection."""


class ConnectionLoop:
    """Makes links, one at a time: the old socket is closed before the next is opened.

    Args:
        service: Of the vendor.
        manner: Of the session.
        name: Of the session, unlike that of any other in any pipeline.
        session: Is told, and asked.
        reporter: Tells the pipeline.
    """

    def __init__(
        self,
        service: Service[Any],
        manner: RealtimeOptions,
        name: str,
        session: Connected,
        reporter: StatusReporter,
    ) -> None:
        self.link: Link[Any] | None = None
        self.policy = ReconnectPolicy(manner.connect)
        self.timer = ReconnectTimer(self.leave, session.look_ahead)
        self._service = service
        self._manner = manner
        self._name = name
        self._session = session
        self._reporter = reporter
        self._with_handle = False

    @property
    def peer(self) -> str:
        """What a handle issued now is good for."""
        return self.link.peer if self.link is not None else ""

    def announce(self) -> None:
        """Say that a first connection is about to be made."""
        self._reporter.status(BackendState.CONNECTING)

    def leave(self, info: FaultInfo | None = None) -> None:
        """End the connection, if there is one; `info` is what there is to complain of."""
        if self.link is not None:
            self.link.leave(info)

    async def run(self, on_event: Callable[[Event], None]) -> None:
        """Connect again and again, until cancelled.

        Raises:
            MannerError: there is no connection to be had for what this session asked for.
        """
        try:
            await self._keep_connected(on_event)
        finally:
            self._service.ended(self._name)

    async def _keep_connected(self, on_event: Callable[[Event], None]) -> None:
        while True:
            self.timer.stop()
            opened_s = time.monotonic()
            async with AsyncExitStack() as stack:
                info = await self._attempt(on_event, stack)
                await self._session.on_listened()
                if time.monotonic() - opened_s > STABLE_S:
                    self.policy.proved()
                # Another backend may be about to take over: it is told before the socket is closed.
                wait_s = self._ended(info)
            if wait_s is None:
                await asyncio.Event().wait()
            elif wait_s:
                await self._service.rest(self._name, wait_s)
            self._session.on_link(Connecting())

    async def _attempt(
        self, on_event: Callable[[Event], None], stack: AsyncExitStack
    ) -> FaultInfo | None:
        """Connect, stay connected, and say how it ended; None: as planned.

        Args:
            on_event: Told what the service says.
            stack: Closes the link.
        """
        self._with_handle = False
        try:
            link = await self._service.link(self._manner, self._name)
            stack.push_async_callback(link.aclose)
            seed = self._session.seed(link.peer, frozenset(self.policy.left_out))
            self._with_handle = seed.handle is not None
            self.link = link
            await link.connect(seed, self._manner)
            await self._session.on_listened()
            self.policy.connected()
            self._reporter.status(BackendState.READY)
            self._session.on_link(LinkUp())
            await link.listen(on_event)
        except LinkOverError as error:
            return error.info
        finally:
            self.link = None
        return None

    def _ended(self, info: FaultInfo | None) -> float | None:
        """Return the wait until the next attempt; None: there is none."""
        if info is None:
            self._session.on_link(LinkDown("moved to another connection"))
            reason = "moving to a new connection"
            self._reporter.status(BackendState.DEGRADED, reason, 0.0)
            return 0.0
        key_in_s = self._service.ready_in_s(self._manner, self._name)
        decision = self.policy.ended(info, with_handle=self._with_handle, key_in_s=key_in_s)
        self._reporter.fault(info, decision)
        self._session.on_link(LinkDown(str(info), decision.drop_handle))
        if decision.state is BackendState.UNAVAILABLE:
            self._session.on_link(LinkGone(str(info)))
        return decision.wait_s
