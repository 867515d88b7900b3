"""What the sessions share: the server, its keys, a client for each, the pace of connections."""

from __future__ import annotations

import asyncio
import hashlib
import time
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
from actors.backends.gemini.keys import KeyPool
from actors.backends.gemini.live.capabilities import family_of
from actors.backends.gemini.live.client import live_client
from actors.backends.gemini.live.limits import limits_of
from actors.backends.gemini.live.link import GeminiLink
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.models import check_live_model, list_models
from actors.backends.gemini.server import Server, find_server
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
PEER_CHARACTERS = 12
"""Of a key's SHA-256: tells keys apart, and gives none away."""

_checked_models: set[str] = set()
"""Servers and models found good in this process."""


class LiveService:
    """Finds the server and makes links, for whoever connects next.

    Args:
        options: Of the actor.
        actor: Counts, logs, and notes in its checkpoint that a model was found.
    """

    def __init__(self, options: LiveOptions, actor: Actor[Any]) -> None:
        self._options = options
        self._actor = actor
        self._warned: set[str] = set()
        self._pool = KeyPool(())
        self._server: Server | None = None
        self._clients: dict[str, Client] = {}
        self._preparing: dict[str, asyncio.Task[tuple[Server, str]]] = {}
        self._admission_s = 0.0

    def begin(self) -> None:
        """Do what the next attempt needs and what needs nobody else, beside all other starts."""
        self._prepare(self._options.model)

    def limits(self, manner: LiveOptions, *, local_turns: bool) -> Limits:
        """Return what holds for the turns of a session."""
        return limits_of(manner, local_turns=local_turns)

    async def link(self, manner: LiveOptions) -> GeminiLink:
        """Return a link with a key that may be used, once there is leave to connect it.

        Raises:
            LinkOverError: there is no server, no key, no such model, or no answer.
            MannerError: there is no such model, and it is not the one of the options.
        """
        try:
            server, key = await self._prepared(manner.model)
            client = self._client_for(server, key)
        except ConnectionOverError as error:
            raise LinkOverError(classify(error.close_reason)) from error
        except GreenroomError as error:
            if isinstance(error, ModelError) and manner.model != self._options.model:
                raise MannerError(str(error)) from error
            raise LinkOverError(info_on(error)) from error
        await self.admission()

        def on_fault(info: FaultInfo) -> None:
            self._pool.failed(key, manner.model, info, time.monotonic())

        peer = f"{_address(server)} {manner.model} {_digest(key)}"
        family = family_of(manner.model)
        return GeminiLink(client, peer, server.via, family, self._actor, on_fault, self._warn)

    def ready_in_s(self, manner: LiveOptions) -> float | None:
        """Return the time until there is a key that may be used; None: there will be none."""
        return self._pool.wait_s(manner.model, time.monotonic())

    async def admission(self) -> None:
        """Wait for leave to connect: at once, unless many want to."""
        now_s = asyncio.get_running_loop().time()
        wait_s = self._admission_s - now_s
        self._admission_s = max(now_s, self._admission_s) + ADMITTED_EVERY_S
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    async def close(self) -> None:
        """Let go of the clients, and of what `begin` began."""
        preparing = list(self._preparing.values())
        for task in preparing:
            task.cancel()
        await asyncio.gather(*preparing, return_exceptions=True)
        await self._close_clients()

    def _prepare(self, model: str) -> asyncio.Task[tuple[Server, str]]:
        task = asyncio.create_task(self._find(model))
        self._preparing[model] = task
        # Whoever never gets as far as an attempt does not miss how this went.
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return task

    async def _prepared(self, model: str) -> tuple[Server, str]:
        """Those who ask at once share the search."""
        preparing = self._preparing.get(model) or self._prepare(model)
        try:
            return await asyncio.shield(preparing)
        finally:
            if preparing.done() and self._preparing.get(model) is preparing:
                del self._preparing[model]

    async def _find(self, model: str) -> tuple[Server, str]:
        """Find the server as it is now and a key, and check the model."""
        server = await find_server(self._options, self._actor.surroundings)
        if server != self._server:
            await self._close_clients()
            self._pool, self._server = KeyPool(server.keys), server
        key = self._pool.usable(model, time.monotonic())
        if key is None:
            raise LinkOverError(self._pool.exhausted(model, time.monotonic()))
        try:
            await self._check_model(server, model, self._client_for(server, key))
        except ConnectionOverError as error:
            info = classify(error.close_reason)
            self._pool.failed(key, model, info, time.monotonic())
            raise LinkOverError(info) from error
        return server, key

    def _client_for(self, server: Server, key: str) -> Client:
        """One for each key: to make one takes 40 ms if it has to read certificates."""
        if key not in self._clients:
            self._clients[key] = live_client(server, self._options, key)
        return self._clients[key]

    async def _close_clients(self) -> None:
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aio.aclose()
            client.close()

    async def _check_model(self, server: Server, model: str, client: Client) -> None:
        """Ask which models there are: a wrong name opens the socket and then closes it.

        Once a process; one that was restarted trusts the process before.
        """
        wanted = f"{_address(server)} {model}"
        known = self._actor.checkpoint.get("models_checked", [])
        if wanted in _checked_models or wanted in known:
            return
        try:
            async with asyncio.timeout(self._options.setup_timeout_s):
                models = await list_models(client)
        except TimeoutError as error:
            # It is an OSError too, and says nothing.
            slow = TimeoutError(f"no list of models within {self._options.setup_timeout_s:g} s")
            raise ConnectionOverError(close_reason_of(slow, server.via)) from error
        except network_errors() as error:
            raise ConnectionOverError(close_reason_of(error, server.via)) from error
        except ODD_FRAMES as error:
            reason = f"the list of models is {not_json(error)}"
            raise ConnectionOverError(CloseReason(FaultSource.LOCAL, None, reason)) from error
        check_live_model(model, models)
        _checked_models.add(wanted)
        self._actor.checkpoint["models_checked"] = [*known, wanted]

    def _warn(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            self._actor.log.warning(warning)


def _address(server: Server) -> str:
    return server.base_url or "default"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:PEER_CHARACTERS]
