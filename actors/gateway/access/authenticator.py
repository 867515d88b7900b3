"""Lets requests in, or says why not, before any route sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from enum import StrEnum

from starlette.datastructures import Headers
from starlette.types import Scope

from actors.gateway.access.addresses import Network, client_address, is_in, is_loopback
from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.access.hosts import is_served
from actors.gateway.access.keyring import Keyring
from actors.gateway.access.keys import PREFIX, hash_of
from actors.gateway.access.presented import CredentialPlace, Presented, presented
from actors.gateway.access.principal import EVERYTHING, Principal
from actors.gateway.access.routes import Audience, RouteRule, rule_of
from actors.gateway.access.scopes import USUAL, AccessScope, known_scopes
from actors.gateway.access.tokens import TokenIssuer
from actors.gateway.origins import is_allowed

FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
ADD = "`greenroom credentials add NAME` makes one"


class Serves(StrEnum):
    """Who is served."""

    UNKNOWN = "not known yet: the credentials have not been read"
    THIS_MACHINE = "this machine only: there is no credential"
    HOLDERS = "holders of a key or token"
    ANYBODY = "anybody: options.anybody is set"


class Authenticator:
    """Finds out who asks.

    Args:
        keyring: The credentials.
        issuer: Of tokens.
        anybody: Nobody needs a key.
        hosts: Names under which the gateway is reached, in lower case.
        origins: Web sites whose pages may connect, whatever their key.
        trusted: Proxies whose word is taken.
    """

    def __init__(
        self,
        keyring: Keyring,
        issuer: TokenIssuer,
        *,
        anybody: bool,
        hosts: Collection[str],
        origins: Collection[str],
        trusted: Collection[Network],
    ) -> None:
        self._keyring = keyring
        self._issuer = issuer
        self._anybody = anybody
        self._hosts = frozenset(hosts)
        self._origins = frozenset(origins)
        self._trusted = list(trusted)
        self._noting: set[asyncio.Task[None]] = set()

    @property
    def serves(self) -> Serves:
        """Who is served now."""
        if not self._keyring.is_loaded:
            return Serves.UNKNOWN
        if self._anybody:
            return Serves.ANYBODY
        return Serves.HOLDERS if self._keyring.has_any else Serves.THIS_MACHINE

    async def admit(self, scope: Scope, address: str) -> Principal:
        """Return who asks.

        Args:
            scope: Of the request.
            address: From where it comes, as of `address_of`.

        Raises:
            AccessDeniedError: it is not let in.
        """
        headers = Headers(scope=scope)
        rule = rule_of(scope["type"], scope["path"])
        if rule.audience in (Audience.EVERYBODY, Audience.CALLS):
            return Principal(address=address)
        self._check_host(headers)
        if rule.audience is Audience.VISITORS:
            return Principal(address=address)
        given = presented(scope["headers"], scope["query_string"])
        await self._keyring.loaded()
        self._check_origin(headers, scope["scheme"], self._all_origins())
        principal = await self._identify(given, scope, address, rule)
        credential = self._keyring.get(principal.credential)
        if credential is not None and credential.origins:
            self._check_origin(headers, scope["scheme"], credential.origins)
        if rule.scope is not None:
            principal.need(rule.scope)
        return principal

    async def knows(self, key: str) -> bool:
        """Whether a call that no provider has signed brings a key to talk: that of an exchange.

        Args:
            key: That it brings; empty: none.

        Raises:
            AccessDeniedError: it brings one that is for other things.
        """
        await self._keyring.loaded()
        if not key or not (self._keyring.has_any or key.startswith(PREFIX)):
            return False
        credential = await self._keyring.find(hash_of(key))
        if credential is None:
            return False
        self._note(credential.id)
        Principal(credential.id, known_scopes(credential.scopes)).need(AccessScope.TALK)
        return True

    def admit_unproven(self, key: str, address: str, *, is_forwarded: bool) -> None:
        """Let a call in that nothing proves, where everything else would be let in too.

        Args:
            key: That it brings, and that is not known; empty: none.
            address: From where it comes.
            is_forwarded: It came through a proxy.

        Raises:
            AccessDeniedError: it is not let in.
        """
        if self._anybody:
            return
        if self._keyring.has_any:
            raise AccessDeniedError(
                Denial.KEY_INVALID if key else Denial.UNSIGNED,
                "nothing proves this call: set what its provider signs with in phone.accounts, or "
                "let the exchange give a key of the gateway as its password",
            )
        if not is_loopback(address):
            raise AccessDeniedError(
                Denial.UNSIGNED,
                "nothing proves this call, and without an account in phone.accounts only this "
                "machine is served",
            )
        if is_forwarded:
            raise AccessDeniedError(
                Denial.FORWARDED,
                "this call came through a proxy, and nothing proves it: set what its provider "
                "signs with in phone.accounts",
            )

    def address_of(self, scope: Scope) -> str:
        """Return from where a request comes."""
        client = scope.get("client")
        forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
        return client_address(client[0] if client else "", forwarded, self._trusted)

    def allows_origin(self, origin: str) -> bool:
        """Whether a browser may let pages of another site read answers."""
        return origin in self._all_origins()

    def _all_origins(self) -> frozenset[str]:
        return self._origins | self._keyring.origins

    def _check_host(self, headers: Headers) -> None:
        host = headers.get("host", "")
        if not is_served(host, self._hosts):
            raise AccessDeniedError(
                Denial.HOST, "this name is not served here: if it is yours, add it to options.hosts"
            )

    def _check_origin(self, headers: Headers, scheme: str, origins: Collection[str]) -> None:
        if not is_allowed(headers.get("origin"), headers.get("host", ""), scheme, origins):
            raise AccessDeniedError(
                Denial.ORIGIN,
                "this web site may not connect: see options.origins, and those of the key",
            )

    async def _identify(
        self, given: Presented | None, scope: Scope, address: str, rule: RouteRule
    ) -> Principal:
        if given is not None and given.is_token:
            is_live = rule.gemini and scope["type"] == "websocket"
            return self._by_token(given, address, is_live=is_live)
        credential = None
        # The first one may have been added just now.
        if given is not None and (self._keyring.has_any or given.text.startswith(PREFIX)):
            credential = await self._keyring.find(hash_of(given.text))
        if not self._keyring.has_any:
            return self._without_keys(scope, address)
        if given is not None:
            if given.place is CredentialPlace.ADDRESS and not rule.gemini:
                raise AccessDeniedError(
                    Denial.KEY_IN_URL,
                    "addresses end up in logs: send the key in the header `Authorization: Bearer`, "
                    "and from a browser a token in its place",
                )
            if credential is not None:
                self._note(credential.id)
                return Principal(credential.id, known_scopes(credential.scopes), address)
        if self._anybody:
            return Principal("", frozenset(USUAL), address)
        if given is not None:
            raise AccessDeniedError(Denial.KEY_INVALID, "this key is not valid, or was revoked")
        raise AccessDeniedError(
            Denial.NO_KEY,
            "a key is needed: send it as `Authorization: Bearer KEY` or `X-API-Key`; from a "
            "browser, a token as `?token=`",
        )

    def _by_token(self, given: Presented, address: str, *, is_live: bool) -> Principal:
        token = self._issuer.read(given.text)
        if token.locked is not None and not is_live:
            # What it locks is a setup of Live: elsewhere its bearer could choose all of it.
            raise AccessDeniedError(
                Denial.TOKEN_INVALID, "this token is for Live sessions of the Gemini protocol only"
            )
        known = self._keyring.is_valid(token.credential)
        if not known and (token.credential or self.serves is Serves.HOLDERS):
            raise AccessDeniedError(
                Denial.TOKEN_INVALID, "the key that minted this token is not valid any more"
            )
        return Principal(token.credential, frozenset({AccessScope.TALK}), address, token)

    def _without_keys(self, scope: Scope, address: str) -> Principal:
        if self._anybody:
            return Principal("", EVERYTHING if is_loopback(address) else frozenset(USUAL), address)
        if not is_loopback(address):
            raise AccessDeniedError(
                Denial.NO_KEY, f"without a credential only this machine is served: {ADD}"
            )
        client = scope.get("client")
        by_proxy = client is not None and is_in(client[0], self._trusted)
        headers = Headers(scope=scope)
        if not by_proxy and any(name in headers for name in FORWARDED):
            raise AccessDeniedError(
                Denial.FORWARDED,
                "this came through a proxy, and without a credential only this machine is served: "
                f"{ADD}; if the proxy asks for keys itself, set options.anybody",
            )
        return Principal("", EVERYTHING, address)

    def _note(self, credential: str) -> None:
        task = asyncio.get_running_loop().create_task(self._keyring.note_use(credential))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)
