"""One attempt after the other: from the options to a connection, and to a verdict on its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.backend.closing import ODD_FRAMES, ConnectionOverError, closing_of, network_errors
from actors.backend.faults import Action, Closing, Source, Verdict, classify
from actors.backend.models import check_live_model, list_models
from actors.backend.server import Server, find_server
from actors.live.capabilities import family_of
from actors.live.client import live_client
from actors.live.connection import Connection
from actors.live.events import Event
from actors.live.options import LiveOptions
from actors.live.setup import Opening, build_setup
from pipeline.errors import CredentialError, GreenroomError, ModelError
from pipeline.frames import FaultClass

if TYPE_CHECKING:
    from collections import Counter

    from google.genai import Client

    from actors.live.memory import Memory
    from pipeline.actor import Surroundings
    from pipeline.logs import Logger

_checked_models: set[str] = set()
"""Servers and models found good in this process."""


@dataclass(frozen=True)
class Ending:
    """How an attempt or a connection ended; no verdict: as planned."""

    verdict: Verdict | None
    with_handle: bool


class Session:
    """Makes connections, one at a time: the old socket is closed before the next is opened."""

    def __init__(
        self,
        options: LiveOptions,
        surroundings: Surroundings,
        memory: Memory,
        log: Logger,
        counters: Counter[str],
        gauges: dict[str, float],
    ) -> None:
        self._options = options
        self._surroundings = surroundings
        self._memory = memory
        self._log = log
        self._counters = counters
        self._gauges = gauges
        self._warned: set[str] = set()
        self._client: Client | None = None
        self._server: Server | None = None
        self._preparing: asyncio.Task[Server] | None = None
        self.family = family_of(options.model)
        self.connection: Connection | None = None
        self.peer = ""

    def begin(self, checkpoint: dict[str, Any]) -> None:
        """Do what the first attempt needs and what needs nobody else, beside all other starts."""
        self._preparing = asyncio.create_task(self._prepare(checkpoint))
        # Whoever never gets as far as the first attempt does not miss how this went.
        self._preparing.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def run(
        self,
        *,
        local_turns: bool,
        tools: tuple[dict[str, Any], ...],
        left_out: frozenset[str],
        history: list[tuple[str, str]],
        checkpoint: dict[str, Any],
        on_open: Callable[[], None],
        on_event: Callable[[Event], None],
    ) -> Ending:
        """Connect, stay connected, and say how it ended."""
        handle: str | None = None
        try:
            prepared, self._preparing = self._preparing, None
            server = await (prepared or self._prepare(checkpoint))
            if self._options.resumption:
                handle = self._memory.usable_handle(self.peer, time.time())
            opening = Opening(local_turns, tools, handle, bool(history), left_out)
            await self._connect(server, opening, history, on_open, on_event)
        except ConnectionOverError as error:
            return Ending(classify(error.closing), handle is not None)
        except GreenroomError as error:
            return Ending(_verdict_on(error), handle is not None)
        finally:
            self.connection = None
        return Ending(None, handle is not None)

    async def _connect(
        self,
        server: Server,
        opening: Opening,
        history: list[tuple[str, str]],
        on_open: Callable[[], None],
        on_event: Callable[[Event], None],
    ) -> None:
        client = await self._client_for(server)
        config, warnings = build_setup(self._options, self.family, opening)
        for warning in warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self._log.warning(warning)
        connection = Connection(client, self.family, self._counters, self._gauges)
        self.connection = connection
        self._counters["connects"] += 1
        await connection.run(
            self._options.model,
            config,
            setup_timeout_s=self._options.setup_timeout_s,
            history=[] if opening.handle else history,
            on_open=on_open,
            on_event=on_event,
        )

    async def _prepare(self, checkpoint: dict[str, Any]) -> Server:
        """Find the server, make a client for it, and check the model."""
        server = await find_server(self._options, self._surroundings)
        self.peer = f"{server.base_url or 'default'} {self._options.model}"
        await self._check_model(await self._client_for(server), checkpoint)
        return server

    async def _client_for(self, server: Server) -> Client:
        """A client takes 40 ms to make, most of it reading certificates: one serves them all."""
        if self._client is not None and self._server == server:
            return self._client
        await self._close_client()
        self._client, self._server = live_client(server, self._options), server
        return self._client

    async def close(self) -> None:
        """Let go of the client, and of what `begin` began."""
        if self._preparing is not None:
            self._preparing.cancel()
            await asyncio.gather(self._preparing, return_exceptions=True)
        await self._close_client()

    async def _close_client(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aio.aclose()
            client.close()

    async def _check_model(self, client: Client, checkpoint: dict[str, Any]) -> None:
        """Ask which models there are: a wrong name opens the socket and then closes it.

        Once a process; one that was restarted trusts the process before.
        """
        if self.peer in _checked_models or checkpoint.get("model_checked") == self.peer:
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
        checkpoint["model_checked"] = self.peer


def _verdict_on(error: GreenroomError) -> Verdict:
    if isinstance(error, CredentialError):
        return Verdict(FaultClass.AUTH, Action.STOP, None, str(error))
    if isinstance(error, ModelError):
        advice = "`greenroom models` lists the models there are."
        return Verdict(FaultClass.MODEL, Action.STOP, None, str(error), advice)
    return Verdict(FaultClass.BAD_REQUEST, Action.STOP, None, str(error))
