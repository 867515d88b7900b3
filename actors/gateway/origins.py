"""Whose scripts may connect: CORS does not cover WebSockets, so it is seen to here."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

SECURE = {"http": "https", "ws": "https", "https": "https", "wss": "https"}
PLAIN = {"http": "http", "ws": "http"}


def is_allowed(origin: str | None, host: str, scheme: str, origins: Collection[str]) -> bool:
    """Whether a request comes from a page that may connect.

    A program sends no Origin, and is no page. A page of the gateway's own has the host that it was
    asked for, and the scheme, or https, which a proxy in front may add.

    Args:
        origin: The header, as the browser sends it.
        host: The header `Host`; that it is a name of the gateway's was looked at before.
        scheme: Of the request: `http`, `https`, `ws` or `wss`.
        origins: Allowed besides, exactly.
    """
    if origin is None or origin in origins:
        return True
    try:
        parts = urlsplit(origin)
        own = parts.netloc.lower() == host.lower() != ""
    except ValueError:
        return False
    bare = f"{parts.scheme}://{parts.netloc}" == origin
    return own and bare and parts.scheme in {SECURE.get(scheme), PLAIN.get(scheme)}
