"""What the conversations share: the server, the client for it, and the pace of new connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.close_reason import (
    ODD_FRAMES,
    ConnectionOverError,
    closing_of,
    network_errors,
)
from actors.backends.gemini.faults import Closing, Source
from actors.backends.gemini.live.capabilities import family_of
from actors.backends.gemini.live.client import live_client
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.models import check_live_model, list_models
from actors.backends.gemini.server import Server, find_server

if TYPE_CHECKING:
    from google.genai import Client

    from pipeline.actor import Surroundings

ADMITTED_EVERY_S = 0.02
"""Setting up a connection holds up all that talk for some milliseconds of TLS and JSON. One in
each 20 ms block of sound leaves time for the block."""

_checked_models: set[str] = set()
"""Servers and models found good in this process."""


class Service:
    """Finds the server and makes the client, for whoever connects next.

    Args:
        options: Of the actor.
        surroundings: Of the actor.
        checkpoint: Of the actor; notes that the model was found.
    """

    def __init__(
        self, options: LiveOptions, surroundings: Surroundings, checkpoint: dict[str, Any]
    ) -> None:
        self.family = family_of(options.model)
        self.peer = ""
        """Server and model, as words."""
        self.warned: set[str] = set()
        """What was left out of setups, and is not to be logged again."""
        self._options = options
        self._surroundings = surroundings
        self._checkpoint = checkpoint
        self._client: Client | None = None
        self._server: Server | None = None
        self._preparing: asyncio.Task[Client] | None = None
        self._admission_s = 0.0

    def begin(self) -> None:
        """Do what the next attempt needs and what needs nobody else, beside all other starts."""
        self._preparing = asyncio.create_task(self._prepare())
        # Whoever never gets as far as an attempt does not miss how this went.
        self._preparing.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def client(self) -> Client:
        """Return a client for the server as it is now; those who ask at once share the search.

        Raises:
            GreenroomError: there is no server, no key or no such model.
            ConnectionOverError: the server does not answer as it should.
        """
        if self._preparing is None:
            self.begin()
        preparing = self._preparing
        assert preparing is not None
        try:
            return await asyncio.shield(preparing)
        finally:
            if self._preparing is preparing and preparing.done():
                self._preparing = None

    async def admission(self) -> None:
        """Wait for leave to connect: at once, unless many want to."""
        now_s = asyncio.get_running_loop().time()
        wait_s = self._admission_s - now_s
        self._admission_s = max(now_s, self._admission_s) + ADMITTED_EVERY_S
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    async def close(self) -> None:
        """Let go of the client, and of what `begin` began."""
        if self._preparing is not None:
            self._preparing.cancel()
            await asyncio.gather(self._preparing, return_exceptions=True)
        await self._close_client()

    async def _prepare(self) -> Client:
        """Find the server, make a client for it, and check the model."""
        server = await find_server(self._options, self._surroundings)
        self.peer = f"{server.base_url or 'default'} {self._options.model}"
        client = await self._client_for(server)
        await self._check_model(client)
        return client

    async def _client_for(self, server: Server) -> Client:
        """A client takes 40 ms to make if it has to read certificates: one serves them all."""
        if self._client is not None and self._server == server:
            return self._client
        await self._close_client()
        self._client, self._server = live_client(server, self._options), server
        return self._client

    async def _close_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aio.aclose()
            client.close()

    async def _check_model(self, client: Client) -> None:
        """Ask which models there are: a wrong name opens the socket and then closes it.

        Once a process; one that was restarted trusts the process before.
        """
        if self.peer in _checked_models or self._checkpoint.get("model_checked") == self.peer:
            return
        try:
            async with asyncio.timeout(self._options.setup_timeout_s):
                models = await list_models(client)
        except network_errors() as error:
            raise ConnectionOverError(closing_of(error)) from error
        except ODD_FRAMES as error:
            reason = "the list of models is no JSON"
            raise ConnectionOverError(Closing(Source.LOCAL, None, reason)) from error
        check_live_model(self._options.model, models)
        _checked_models.add(self.peer)
        self._checkpoint["model_checked"] = self.peer
