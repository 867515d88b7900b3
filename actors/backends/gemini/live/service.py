"""What the sessions share: the servers, a client for each key, the models, the pace."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.close_reason import (
    ODD_FRAMES,
    ConnectionOverError,
    close_reason_of,
    network_errors,
    not_json,
)
from actors.backends.gemini.faults import CloseReason, FaultSource, classify, info_on
from actors.backends.gemini.keys import ServerKey
from actors.backends.gemini.live.capabilities import family_of
from actors.backends.gemini.live.client import live_client
from actors.backends.gemini.live.limits import limits_of
from actors.backends.gemini.live.link import GeminiLink
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.session_places import SessionPlaces
from actors.backends.gemini.live.shared_work import SharedWork
from actors.backends.gemini.models import ListedModel, check_live_model, list_models
from actors.backends.gemini.server import Server, find_servers
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.link import LinkOverError, MannerError
from pipeline.actor import Actor
from pipeline.errors import GreenroomError, ModelError

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
        self._places = SessionPlaces(options, actor)
        self._clients: dict[ServerKey, Client] = {}
        self._finding: SharedWork[None] = SharedWork()
        self._checking: SharedWork[None] = SharedWork()
        self._admission_s = 0.0

    def begin(self) -> None:
        """Do what the next attempt needs and what needs nobody else, beside all other starts."""
        self._places.begin()
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
            which = await self._places.take(model, session)
            if which is None:
                raise LinkOverError(self._places.missing(model, session))
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

        on_fault = partial(self._places.failed, which, model, session)
        peer = f"{wanted} {which.digest}"
        via, family = which.server.via, family_of(model)
        return GeminiLink(client, peer, via, family, self._actor, on_fault, self._warn)

    def ready_in_s(self, manner: LiveOptions, session: str) -> float | None:
        """Return the time until there is a key and a place for a session; None: never."""
        return self._places.wait_s(manner.model, session)

    async def rest(self, session: str, wait_s: float) -> None:
        """Return after a while; one that waits for a place, once there may be one for it."""
        await self._places.rest(session, wait_s)

    def ended(self, session: str) -> None:
        """A session wants no more connections: the first that waits may have its place."""
        self._places.ended(session)

    async def admission(self) -> None:
        """Wait for leave to connect: at once, unless many want to."""
        now_s = asyncio.get_running_loop().time()
        wait_s = self._admission_s - now_s
        self._admission_s = max(now_s, self._admission_s) + ADMITTED_EVERY_S
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    async def close(self) -> None:
        """Let go of the clients, and of what `begin` began."""
        await self._places.close()
        await self._finding.close()
        await self._checking.close()
        await self._close_clients()

    async def _find(self, model: str) -> None:
        """Find the servers as they are now and a key, and check the model there."""
        servers = await find_servers(self._options, self._actor.surroundings)
        if servers != self._places.servers:
            await self._close_clients()
            self._places.found(servers)
        which = self._places.usable(model)
        if which is None:
            raise LinkOverError(self._places.missing(model))
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
            self._places.failed(which, model, None, info)
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
