"""Whose scripts may connect: CORS does not cover WebSockets, so it is seen to here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit


def is_allowed(headers: Mapping[str, str], origins: Collection[str]) -> bool:
    """Whether a handshake comes from a page that may connect.

    A program sends no Origin, and is no page; a page of the gateway's own has the host that it
    was asked for.

    Args:
        headers: Of the handshake, names in lower case.
        origins: Allowed besides.
    """
    origin = headers.get("origin")
    if origin is None or origin in origins:
        return True
    try:
        return urlsplit(origin).netloc == headers.get("host", "")
    except ValueError:
        return False
