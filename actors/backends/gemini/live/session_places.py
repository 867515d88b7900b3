"""Which key each session is connected with: by what rests, and by places in the projects."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from actors.backends.fault_info import FaultInfo
from actors.backends.gemini.keys import FULL_LOOK_S, KeyPool, ServerKey
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.place_queue import PlaceQueue
from actors.backends.gemini.server import Server
from actors.backends.gemini.shared_quota import QuotaNews, open_shared_quota
from pipeline.actor import Actor
from pipeline.frames import FaultClass


class SessionPlaces:
    """The keys of the servers, the places in their projects, and who waits for one.

    Args:
        options: Of the actor.
        actor: Counts and logs what comes of sharing them with other pipelines.
    """

    def __init__(self, options: LiveOptions, actor: Actor[Any]) -> None:
        self._pool = KeyPool(())
        self._queue = PlaceQueue()
        self._shared = open_shared_quota(
            options.database,
            actor.surroundings,
            on_news=self._on_news,
            held=self._held,
            counters=actor.counters,
            log=actor.log,
        )
        self._sharing: asyncio.Task[None] | None = None

    @property
    def servers(self) -> Sequence[Server]:
        """Return the servers whose keys these are."""
        return self._pool.servers

    def begin(self) -> None:
        """Learn what other pipelines have taken and found out."""
        if self._shared is not None:
            self._sharing = asyncio.create_task(self._shared.run())

    async def close(self) -> None:
        """Let other pipelines have the places."""
        if self._sharing is not None and self._shared is not None:
            await self._shared.stop(self._sharing)

    def found(self, servers: Sequence[Server]) -> None:
        """Take the keys of these servers from now on."""
        self._pool = KeyPool(servers, self._pool)
        if self._shared is not None:
            self._shared.declare([each.limit for each in servers])

    def usable(self, model: str) -> ServerKey | None:
        """Return a key that does not rest, whoever has places; None: all rest."""
        return self._pool.usable(model, time.monotonic())

    def missing(self, model: str, session: str | None = None) -> FaultInfo:
        """Return what is wrong where there is no key; a session that found no place waits for one.

        Args:
            model: That is wanted.
            session: By which; None: no place was wanted.
        """
        info = self._pool.exhausted(model, time.monotonic(), session)
        if session is not None and info.fault is FaultClass.CONCURRENCY:
            self._queue.join(session, model)
        return info

    async def take(self, model: str, session: str) -> ServerKey | None:
        """Give a session a place, or find the one that it has; None: there is none."""
        now_s = time.monotonic()
        which = self._pool.usable(model, now_s, session)
        if self._shared is not None and (rested := self._pool.rested(model, now_s)):
            wanted = dict.fromkeys(each.server.limit for each in rested)
            taken = await self._shared.take(session, list(wanted))
            if taken is not None:  # Else by its own count.
                self._pool.places.others = taken.others
                which = next((w for w in rested if w.server.project == taken.project), None)
        if which is not None:
            self._pool.places.take(which.server.project, session)
            self._queue.forget(session)
        return which

    def wait_s(self, model: str, session: str) -> float | None:
        """Return the time until there is a key and a place for a session; None: never."""
        return self._pool.wait_s(model, time.monotonic(), session)

    async def rest(self, session: str, wait_s: float) -> None:
        """Return after a while; one that waits for a place, once there may be one for it."""
        model = self._queue.waits_for(session)
        await self._queue.wait(session, wait_s)
        while model is not None and await self.take(model, session) is None:
            await self._queue.wait(session, self.wait_s(model, session) or FULL_LOOK_S)
        if model is not None:
            # There may be more than one.
            self._queue.wake_first()

    def ended(self, session: str) -> None:
        """A session wants no more connections: the first that waits may have its place."""
        project = self._pool.places.give_back(session)
        self._queue.forget(session)
        if project is None:
            return
        self._pool.cool_downs.has_room_again(project)
        if self._shared is not None:
            # It is told by the database to all who wait, these here included.
            self._shared.give_back(session)
        else:
            self._queue.wake_first()

    def failed(self, which: ServerKey, model: str, session: str | None, info: FaultInfo) -> None:
        """Take note of a failure.

        Args:
            which: The key with which it came.
            model: That was asked.
            session: That had a place by it; None: none had.
            info: On it.
        """
        begun = self._pool.failed(which, model, info, time.monotonic())
        if session is not None and info.fault is FaultClass.CONCURRENCY:
            # The service counts others too: what was thought to be a place was none.
            self._pool.places.give_back(session)
            self._queue.join(session, model)
            if self._shared is not None:
                self._shared.give_back(session, is_free=False)
        if begun is not None and self._shared is not None:
            self._shared.rest(begun)

    def _held(self) -> dict[str, str]:
        return self._pool.places.held()

    def _on_news(self, news: QuotaNews) -> None:
        """Something may be free again, or rest."""
        if news.resting is not None:
            self._pool.cool_downs.learn(news.resting)
        self._pool.places.others = news.others
        self._queue.wake_first()
