"""What the sessions share: the servers, their keys and places, a client for each, the pace."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from actors.backends.fault_info import FaultInfo
from actors.backends.gemini.close_reason import (
    ODD_FRAMES,
    ConnectionOverError,
    close_reason_of,
    network_errors,
    not_json,
)
from actors.backends.gemini.faults import CloseReason, FaultSource, classify, info_on
from actors.backends.gemini.keys import FULL_LOOK_S, KeyPool, ServerKey
from actors.backends.gemini.live.capabilities import family_of
from actors.backends.gemini.live.client import live_client
from actors.backends.gemini.live.limits import limits_of
from actors.backends.gemini.live.link import GeminiLink
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.place_queue import PlaceQueue
from actors.backends.gemini.live.shared_work import SharedWork
from actors.backends.gemini.models import ListedModel, check_live_model, list_models
from actors.backends.gemini.server import Server, find_servers
from actors.backends.gemini.shared_quota import QuotaNews, open_shared_quota
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.link import LinkOverError, MannerError
from pipeline.actor import Actor
from pipeline.errors import GreenroomError, ModelError
from pipeline.frames import FaultClass

if TYPE_CHECKING:
    from google.genai import Client

ADMITTED_EVERY_S = 0.008
"""Setting up a connection takes 1 to 2 ms of TLS and JSON, which hold up all that talk. So three
quarters of the time are left to them, and 100 sessions are connected again within the second that
a restart may take beside the rest of it (benchmarks/README.md, "Crowds")."""

_checked_models: set[str] = set()
"""Servers and models found good in this process."""


class LiveService:
    """Finds the servers and makes links, for whoever connects next.

    Args:
        options: Of the actor.
        actor: Counts, logs, and notes in its checkpoint that a model was found.
    """

    def __init__(self, options: LiveOptions, actor: Actor[Any]) -> None:
        self._options = options
        self._actor = actor
        self._warned: set[str] = set()
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
        self._clients: dict[ServerKey, Client] = {}
        self._finding: SharedWork[None] = SharedWork()
        self._checking: SharedWork[None] = SharedWork()
        self._admission_s = 0.0

    def begin(self) -> None:
        """Do what the next attempt needs and what needs nobody else, beside all other starts."""
        if self._shared is not None:
            self._sharing = asyncio.create_task(self._shared.run())
        self._finding.begin(self._options.model, partial(self._find, self._options.model))

    def limits(self, manner: LiveOptions, *, local_turns: bool) -> Limits:
        """Return what holds for the turns of a session."""
        return limits_of(manner, local_turns=local_turns)

    async def link(self, manner: LiveOptions, session: str) -> GeminiLink:
        """Return a link with a key that may be used, once there is leave to connect it.

        The session has a place in the project of the key from then on.

        Raises:
            LinkOverError: there is no server, no key, no place, no such model, or no answer.
            MannerError: there is no such model, and it is not the one of the options.
        """
        model = manner.model
        try:
            await self._finding.result(model, partial(self._find, model))
            which = await self._place(model, session)
            if which is None:
                raise LinkOverError(self._no_place(model, session))
            if (wanted := _model_of(which.server, model)) not in _checked_models:
                await self._checking.result(wanted, partial(self._check_model, which, model))
            client = self._client_for(which)
        except ConnectionOverError as error:
            raise LinkOverError(classify(error.close_reason)) from error
        except GreenroomError as error:
            if isinstance(error, ModelError) and model != self._options.model:
                raise MannerError(str(error)) from error
            raise LinkOverError(info_on(error)) from error
        await self.admission()

        def on_fault(info: FaultInfo) -> None:
            self._failed(which, model, session, info)

        peer = f"{wanted} {which.digest}"
        via, family = which.server.via, family_of(model)
        return GeminiLink(client, peer, via, family, self._actor, on_fault, self._warn)

    def ready_in_s(self, manner: LiveOptions, session: str) -> float | None:
        """Return the time until there is a key and a place for a session; None: never."""
        return self._pool.wait_s(manner.model, time.monotonic(), session)

    async def rest(self, session: str, wait_s: float) -> None:
        """Return after a while; one that waits for a place, once there may be one for it."""
        model = self._queue.waits_for(session)
        await self._queue.wait(session, wait_s)
        while model is not None and await self._place(model, session) is None:
            wait_s = self._pool.wait_s(model, time.monotonic(), session) or FULL_LOOK_S
            await self._queue.wait(session, wait_s)
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

    async def admission(self) -> None:
        """Wait for leave to connect: at once, unless many want to."""
        now_s = asyncio.get_running_loop().time()
        wait_s = self._admission_s - now_s
        self._admission_s = max(now_s, self._admission_s) + ADMITTED_EVERY_S
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    async def close(self) -> None:
        """Let go of the clients, and of what `begin` began."""
        if self._sharing is not None and self._shared is not None:
            await self._shared.stop(self._sharing)
        await self._finding.close()
        await self._checking.close()
        await self._close_clients()

    async def _place(self, model: str, session: str) -> ServerKey | None:
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

    def _held(self) -> dict[str, str]:
        return self._pool.places.held()

    def _no_place(self, model: str, session: str) -> FaultInfo:
        info = self._pool.exhausted(model, time.monotonic(), session)
        if info.fault is FaultClass.CONCURRENCY:
            self._queue.join(session, model)
        return info

    def _failed(self, which: ServerKey, model: str, session: str, info: FaultInfo) -> None:
        begun = self._pool.failed(which, model, info, time.monotonic())
        if info.fault is FaultClass.CONCURRENCY:
            # The service counts others too: what was thought to be a place was none.
            self._pool.places.give_back(session)
            self._queue.join(session, model)
            if self._shared is not None:
                self._shared.give_back(session, is_free=False)
        if begun is not None and self._shared is not None:
            self._shared.rest(begun)

    def _on_news(self, news: QuotaNews) -> None:
        """Something may be free again, or rest."""
        if news.resting is not None:
            self._pool.cool_downs.learn(news.resting)
        self._pool.places.others = news.others
        self._queue.wake_first()

    async def _find(self, model: str) -> None:
        """Find the servers as they are now and a key, and check the model there."""
        servers = await find_servers(self._options, self._actor.surroundings)
        if servers != self._pool.servers:
            await self._close_clients()
            self._pool = KeyPool(servers, self._pool.places)
            if self._shared is not None:
                self._shared.declare([each.limit for each in servers])
        now_s = time.monotonic()
        which = self._pool.usable(model, now_s)
        if which is None:
            raise LinkOverError(self._pool.exhausted(model, now_s))
        await self._check_model(which, model)

    def _client_for(self, which: ServerKey) -> Client:
        """One for each key: to make one takes 40 ms if it has to read certificates."""
        if which not in self._clients:
            self._clients[which] = live_client(which.server, self._options, which.key)
        return self._clients[which]

    async def _close_clients(self) -> None:
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aio.aclose()
            client.close()

    async def _check_model(self, which: ServerKey, model: str) -> None:
        """Ask which models there are: a wrong name opens the socket and then closes it.

        Once a process; one that was restarted trusts the process before.
        """
        wanted = _model_of(which.server, model)
        known = self._actor.checkpoint.get("models_checked", [])
        if wanted in _checked_models or wanted in known:
            return
        try:
            models = await self._list(which)
        except ConnectionOverError as error:
            info = classify(error.close_reason)
            self._pool.failed(which, model, info, time.monotonic())
            raise LinkOverError(info) from error
        check_live_model(model, models)
        _checked_models.add(wanted)
        self._actor.checkpoint["models_checked"] = [*known, wanted]

    async def _list(self, which: ServerKey) -> list[ListedModel]:
        via = which.server.via
        try:
            async with asyncio.timeout(self._options.setup_timeout_s):
                return await list_models(self._client_for(which))
        except TimeoutError as error:
            # It is an OSError too, and says nothing.
            slow = TimeoutError(f"no list of models within {self._options.setup_timeout_s:g} s")
            raise ConnectionOverError(close_reason_of(slow, via)) from error
        except network_errors() as error:
            raise ConnectionOverError(close_reason_of(error, via)) from error
        except ODD_FRAMES as error:
            reason = f"the list of models is {not_json(error)}"
            raise ConnectionOverError(CloseReason(FaultSource.LOCAL, None, reason)) from error

    def _warn(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            self._actor.log.warning(warning)


def _model_of(server: Server, model: str) -> str:
    return f"{server.base_url or 'default'} {model}"
