"""Which path takes which scope: one table for all routes, and a test that no route is without."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from actors.gateway.access.scopes import AccessScope


class Audience(Enum):
    """Who is asked what."""

    EVERYBODY = auto()
    """Nobody is asked anything: health."""
    VISITORS = auto()
    """The page and its files, for which browsers send no key."""
    CALLS = auto()
    """Telephone providers, whose sockets and webhooks are asked for what each of them can show, by
    `actors.gateway.phone`."""
    HOLDERS = auto()
    """Who has a key or a token, with the scope that the path takes."""


@dataclass(frozen=True)
class RouteRule:
    """What a path takes.

    Attributes:
        audience: Who is asked what.
        scope: What a key must be for; None: any valid one does.
        gemini: The path is of the Gemini protocol: errors are in its words, and a key may be in the
            address, as its clients send it.
    """

    audience: Audience
    scope: AccessScope | None = None
    gemini: bool = False


_HEALTH = RouteRule(Audience.EVERYBODY)
_PAGE = RouteRule(Audience.VISITORS)
_PHONE = RouteRule(Audience.CALLS)
_TALK = RouteRule(Audience.HOLDERS, AccessScope.TALK)
_FILES = RouteRule(Audience.HOLDERS, AccessScope.FILES)
_TOKENS = RouteRule(Audience.HOLDERS, AccessScope.TOKENS)
_CALLS = RouteRule(Audience.HOLDERS, AccessScope.CALLS)
_OPERATE = RouteRule(Audience.HOLDERS, AccessScope.OPERATE)
_GEMINI = RouteRule(Audience.HOLDERS, AccessScope.TALK, gemini=True)
_GEMINI_TOKENS = RouteRule(Audience.HOLDERS, AccessScope.TOKENS, gemini=True)
_ANY_KEY = RouteRule(Audience.HOLDERS)

_VERSION = r"/v1(?:alpha|beta)?"
RULES: tuple[tuple[str, re.Pattern[str], RouteRule], ...] = tuple(
    (kind, re.compile(path), rule)
    for kind, path, rule in (
        ("http", r"/(?:healthz|readyz|-/healthz)", _HEALTH),
        ("http", r"/|/page/.*|/docs(?:/.*)?|/openapi\.json|/operator", _PAGE),
        ("websocket", r"/|/ws/live-audio", _TALK),
        ("websocket", r"/phone/[^/]+(?:/[^/]+)?", _PHONE),
        ("http", r"/phone/[^/]+/(?:answer|status|machine|hangup|next|then/[^/]+)", _PHONE),
        ("http", r"/api/v1/calls(?:/.*)?", _CALLS),
        ("http", r"/metrics|/api/v1/operator(?:/.*)?", _OPERATE),
        ("websocket", r"/api/v1/operator(?:/.*)?", _OPERATE),
        ("http", r"/api/v1/live-audio/transcribe(?:/.*)?", _FILES),
        ("http", r"/api/v1/live-audio/token", _TOKENS),
        ("http", r"/api/v1/live-audio/.*", _TALK),
        ("websocket", r"/ws/google\..*", _GEMINI),
        ("http", _VERSION + r"/auth_tokens(?:/.*)?", _GEMINI_TOKENS),
        ("http", r"(?:/upload)?" + _VERSION + r"/.*", _GEMINI),
    )
)


def rule_of(kind: str, path: str) -> RouteRule:
    """Return what a path takes; one that is in no table takes a key before it is said not to be.

    Args:
        kind: `http` or `websocket`.
        path: Of the request.
    """
    for each, pattern, rule in RULES:
        if each == kind and pattern.fullmatch(path):
            return rule
    return _ANY_KEY
