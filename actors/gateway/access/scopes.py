"""What a credential may do."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from actors.gateway.errors import CallerError


class AccessScope(StrEnum):
    """What a key may be used for; one may have several."""

    TALK = "talk"
    """Hold conversations, and see and end those that it began."""
    FILES = "files"
    """Have sound files put into words."""
    TOKENS = "tokens"
    """Mint tokens, for browsers, which then hold conversations in its name."""
    CALLS = "calls"
    """Start calls by telephone, which cost money, and announce those of an exchange."""
    OPERATE = "operate"
    """See and end everybody's conversations."""


USUAL = (AccessScope.TALK, AccessScope.FILES, AccessScope.TOKENS)
"""Of a key for which none are named: what a website needs."""


def known_scopes(names: Iterable[str]) -> frozenset[AccessScope]:
    """Return those scopes that are known; a newer version may have written others."""
    return frozenset(AccessScope(name) for name in names if name in set(AccessScope))


def parsed_scopes(names: Iterable[str]) -> tuple[AccessScope, ...]:
    """Return scopes by name.

    Raises:
        CallerError: one is not known.
    """
    found = []
    for name in names:
        if name not in set(AccessScope):
            raise CallerError(f"no scope {name!r}: there are {', '.join(AccessScope)}")
        found.append(AccessScope(name))
    return tuple(found)
