"""Who may come in: what the routes need to know of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from fastapi import WebSocket
from starlette.requests import HTTPConnection
from starlette.types import Scope

from actors.gateway.access.addresses import parsed_networks
from actors.gateway.access.authenticator import Authenticator, Serves
from actors.gateway.access.denial import Denial
from actors.gateway.access.keyring import REFRESH_S, Keyring
from actors.gateway.access.load import Load
from actors.gateway.access.message_meter import MessageMeter
from actors.gateway.access.own_callers import Beginnings, OwnCallers
from actors.gateway.access.principal import CREDENTIAL, Principal
from actors.gateway.access.redemptions import Redemptions
from actors.gateway.access.refusal import website_close
from actors.gateway.access.session_limits import SessionLimits
from actors.gateway.access.tokens import TokenIssuer
from actors.gateway.callers import Callers
from actors.gateway.client_connection import ClientConnection
from actors.gateway.events import Codec
from actors.gateway.options import GatewayOptions
from actors.gateway.rooms.room import GatewayRoom
from actors.gateway.store.database import Database
from pipeline.frames import SessionEnd
from pipeline.logs import Logger

PRINCIPAL = "principal"
"""Where in the scope of a request it is written who asks."""


class Access:
    """Who may come in, and how much of it.

    Args:
        callers: All callers.
        options: Of the gateway.
        database: Where credentials are.
        secret: With which tokens are signed.
        checkpoint: What an earlier process remembered of tokens; kept up to date.
        load: Of the machine.
        room: Of the gateway.
        counters: Of the gateway: what was refused and slowed is counted there.
        log: Of the gateway.
    """

    def __init__(
        self,
        callers: Callers,
        options: GatewayOptions,
        database: Database,
        secret: bytes,
        checkpoint: dict[str, Any],
        load: Load,
        room: GatewayRoom,
        counters: Counter[str],
        log: Logger,
    ) -> None:
        self.callers = callers
        self.options = options
        self.room = room
        self.counters = counters
        self._log = log
        self.keyring = Keyring(database, log, self._end_of)
        self.issuer = TokenIssuer(secret, time.time)
        since_s = checkpoint.setdefault("tokens_since_s", time.time())
        self._beginnings = Beginnings(
            SessionLimits(options.limits),
            Redemptions(checkpoint.setdefault("tokens", {}), time.time, since_s),
            load,
            self.count,
        )
        self.authenticator = Authenticator(
            self.keyring,
            self.issuer,
            anybody=options.anybody,
            hosts=[each.lower() for each in options.hosts],
            origins=options.origins,
            trusted=parsed_networks(options.trusted_proxies),
        )

    async def run(self) -> None:
        """Keep the credentials up to date, and say who is served, until cancelled."""
        told = Serves.UNKNOWN
        while True:
            await self.keyring.refresh()
            serves = self.authenticator.serves
            if serves is not told:
                told = serves
                self._log.info("who is served", serves=serves.value, listens_on=self.options.host)
            await asyncio.sleep(REFRESH_S)

    def check_room(self) -> None:
        """Look whether there is a place for who connects, whoever it is.

        Raises:
            AccessDeniedError: nobody new is taken, or would be answered by Live, and nobody who was
                here is waited for.
        """
        if not self.callers.departures.some_may_return:
            self.room.admit()
            self.callers.placing.check()

    def callers_of(self, connection: HTTPConnection) -> OwnCallers:
        """Return the callers of who asks."""
        return OwnCallers(self.callers, principal_of(connection), self._beginnings)

    def connection(
        self,
        websocket: WebSocket,
        codec: Codec,
        close_of: Callable[[Exception], tuple[int, str]] = website_close,
    ) -> ClientConnection:
        """Return a WebSocket that was accepted, with the limits that hold for it.

        Args:
            websocket: The socket.
            codec: How its client is told what happens.
            close_of: With which code and reason it is closed for an error of the client's.
        """
        limits = self.options.limits
        token = principal_of(websocket).token
        return ClientConnection(
            websocket,
            codec,
            MessageMeter(limits, time.monotonic()),
            first_s=limits.first_message_s,
            lasts_s=None if token is None else max(0.0, token.expires_s - time.time()),
            close_of=close_of,
            on_slowed=lambda: self.counters.update(["callers_slowed"]),
            on_denied=self.count,
        )

    def count(self, denial: Denial) -> None:
        """Count somebody who was not let in, or not any further."""
        self.counters[f"refused_{denial.value}"] += 1

    def who(self, scope: Scope) -> dict[str, Any]:
        """Return who asked, for the log: by which credential and from where, never with which key.

        Args:
            scope: Of a request, which may have been refused.
        """
        principal: Principal | None = scope.get(PRINCIPAL)
        if principal is None:
            return {"address": self.authenticator.address_of(scope)}
        return {"address": principal.address, "credential": principal.credential}

    def _end_of(self, credential: str) -> None:
        """A credential was revoked: its conversations end."""
        for caller in self.callers:
            if caller.manner.labels.get(CREDENTIAL) == credential:
                self.callers.end(caller.session, SessionEnd.OPERATOR, "its key was revoked")


def principal_of(connection: HTTPConnection) -> Principal:
    """Return who asks, as it was found out before any route saw the request."""
    principal: Principal = connection.scope[PRINCIPAL]
    return principal
