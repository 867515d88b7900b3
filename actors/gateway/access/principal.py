"""Who asks: known by a key, by a token that a key minted, or nobody in particular."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.access.scopes import AccessScope
from actors.gateway.access.tokens import SessionToken

CREDENTIAL, TOKEN = "credential", "token"
"""Labels of a session: who began it. They are kept with it, so a crash of the gateway does not lose
them, and log lines have them."""


@dataclass(frozen=True)
class Principal:
    """Who asks, and what it may do.

    Attributes:
        credential: Id of its credential; empty if nobody was asked for one.
        scopes: What it may do.
        address: From which it comes, as far as it is known.
        token: With which it came in place of the key.
    """

    credential: str = ""
    scopes: frozenset[AccessScope] = frozenset()
    address: str = ""
    token: SessionToken | None = None

    def labels(self) -> dict[str, str]:
        """Return what a session says of who began it."""
        labels = {}
        if self.credential:
            labels[CREDENTIAL] = self.credential
        if self.token is not None:
            labels[TOKEN] = self.token.id
        return labels

    def owns(self, session: str, labels: Mapping[str, str]) -> bool:
        """Whether a session is its own: it may come back to it, see it, end it.

        A key owns what it and its tokens began; a token what it began itself, and the session that
        it was minted for.
        """
        if AccessScope.OPERATE in self.scopes:
            return True
        if labels.get(CREDENTIAL, "") != self.credential:
            return False
        if self.token is None:
            return True
        return labels.get(TOKEN) == self.token.id or session == self.token.session

    def need(self, scope: AccessScope) -> None:
        """Let it do something.

        Raises:
            AccessDeniedError: it may not.
        """
        if scope not in self.scopes:
            has = ", ".join(sorted(self.scopes)) or "none"
            raise AccessDeniedError(
                Denial.SCOPE_MISSING, f"this takes the scope {scope.value!r}, and the key has {has}"
            )


EVERYTHING = frozenset(AccessScope)
