"""What every request goes through first: who it is, and whether there is room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from actors.gateway.access.access import PRINCIPAL, Access
from actors.gateway.access.addresses import limited_as
from actors.gateway.access.denial import CONNECT_AGAIN_S, AccessDeniedError, Denial
from actors.gateway.access.presented import without_secrets
from actors.gateway.access.refusal import refuse
from actors.gateway.access.routes import Audience, rule_of
from actors.gateway.access.scopes import AccessScope

CORS_HEADERS = ("Authorization", "X-API-Key", "Content-Type", "x-goog-api-key", "x-goog-api-client")
CORS_AGE_S = 600
KNOCKED = "knocked"
"""Where in the scope of a telephone provider's request it is written what it came with."""


@dataclass(frozen=True)
class Knocked:
    """What a telephone provider's request came with, secrets included: it signs all of it.

    Attributes:
        headers: Names in lower case.
        query: Of the address, as it was sent.
    """

    headers: list[tuple[bytes, bytes]]
    query: bytes


class AccessMiddleware:
    """Lets a request through with who asks in its scope, and without the key it came with.

    Args:
        app: What serves those who are let in.
        access: Who may come in.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        rule = rule_of(scope["type"], scope["path"])
        is_call = rule.audience is Audience.CALLS
        address = self._access.authenticator.address_of(scope)
        # A provider has all its calls from a few addresses.
        counted = "" if is_call else limited_as(address)
        with self._counted(counted):
            try:
                self._check_room(counted)
                principal = await self._access.authenticator.admit(scope, address)
                if scope["type"] == "websocket" and rule.scope is AccessScope.TALK:
                    self._access.check_room()
            except AccessDeniedError as error:
                self._access.count(error.denial)
                _forget_secrets(scope)
                await refuse(scope, receive, send, error, gemini=rule.gemini)
                return
            if is_call:
                scope[KNOCKED] = Knocked(list(scope["headers"]), scope["query_string"])
            _forget_secrets(scope)
            scope[PRINCIPAL] = principal
            await self._app(scope, receive, send)

    @contextmanager
    def _counted(self, address: str) -> Iterator[None]:
        self._open[address] += 1
        try:
            yield
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    def _check_room(self, counted: str) -> None:
        most = self._access.options.limits.connections_per_address
        if counted and self._open[counted] > most:
            raise AccessDeniedError(
                Denial.CONNECTIONS,
                f"more than {most} connections from your address",
                CONNECT_AGAIN_S,
            )


class OriginsOfKeys(CORSMiddleware):
    """Tells browsers which pages may read answers: those of the options, and of the credentials."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        super().__init__(
            app,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=CORS_HEADERS,
            expose_headers=("Retry-After",),
            max_age=CORS_AGE_S,
            # A page of a public site may call this machine, if it is among the origins.
            allow_private_network=True,
        )
        self._access = access

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether a page may."""
        return self._access.authenticator.allows_origin(origin)


def _forget_secrets(scope: Scope) -> None:
    """In place: the server logs what it finds in its scope, with the address that was asked for."""
    scope["headers"], scope["query_string"] = without_secrets(
        scope["headers"], scope["query_string"]
    )
