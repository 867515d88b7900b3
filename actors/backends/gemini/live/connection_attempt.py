"""One attempt after the other: from the options to a connection, and to a verdict on its end."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.close_reason import ConnectionOverError
from actors.backends.gemini.faults import Action, Closing, Verdict, classify
from actors.backends.gemini.live.connection import Connection, Outgoing
from actors.backends.gemini.live.events import Event
from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.setup import Opening, build_setup
from pipeline.errors import CredentialError, GreenroomError, ModelError
from pipeline.frames import FaultClass

if TYPE_CHECKING:
    from collections import Counter

    from google.genai import Client

    from actors.backends.gemini.live.service import Service
    from actors.backends.realtime.memory import Memory
    from pipeline.logs import Logger


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
        service: Service,
        memory: Memory,
        log: Logger,
        counters: Counter[str],
        gauges: dict[str, float],
    ) -> None:
        self._options = options
        self._service = service
        self._memory = memory
        self._log = log
        self._counters = counters
        self._gauges = gauges
        self.connection: Connection | None = None

    async def run(
        self,
        *,
        local_turns: bool,
        tools: tuple[dict[str, Any], ...],
        left_out: frozenset[str],
        history: list[tuple[str, str]],
        on_open: Callable[[], Awaitable[None]],
        on_event: Callable[[Event], None],
    ) -> Ending:
        """Connect, stay connected, and say how it ended."""
        handle: str | None = None
        try:
            client = await self._service.client()
            if self._options.resumption:
                handle = self._memory.usable_handle(self._service.peer, time.time())
            opening = Opening(local_turns, tools, handle, bool(history), left_out)
            await self._connect(client, opening, history, on_open, on_event)
        except ConnectionOverError as error:
            return Ending(classify(error.closing), handle is not None)
        except GreenroomError as error:
            return Ending(_verdict_on(error), handle is not None)
        finally:
            self.connection = None
        return Ending(None, handle is not None)

    def send(self, outgoing: Outgoing) -> None:
        """Queue something for the server; without a connection, nothing."""
        if self.connection is not None:
            self.connection.send(outgoing)

    def leave(self, closing: Closing | None = None) -> None:
        """End the connection, if there is one; `closing` is what there is to complain of."""
        if self.connection is not None:
            self.connection.leave(closing)

    async def _connect(
        self,
        client: Client,
        opening: Opening,
        history: list[tuple[str, str]],
        on_open: Callable[[], Awaitable[None]],
        on_event: Callable[[Event], None],
    ) -> None:
        await self._service.admission()
        config, warnings = build_setup(self._options, self._service.family, opening)
        for warning in warnings:
            if warning not in self._service.warned:
                self._service.warned.add(warning)
                self._log.warning(warning)
        connection = Connection(client, self._service.family, self._counters, self._gauges)
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


def _verdict_on(error: GreenroomError) -> Verdict:
    if isinstance(error, CredentialError):
        return Verdict(FaultClass.AUTH, Action.STOP, None, str(error))
    if isinstance(error, ModelError):
        advice = "`greenroom models` lists the models there are."
        return Verdict(FaultClass.MODEL, Action.STOP, None, str(error), advice)
    return Verdict(FaultClass.BAD_REQUEST, Action.STOP, None, str(error))
