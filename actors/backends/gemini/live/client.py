"""The google-genai client as a Live connection wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.server import Server, make_client

if TYPE_CHECKING:
    from google.genai import Client


def live_client(server: Server, options: LiveOptions, key: str | None = None) -> Client:
    """Return a client; close it with `aclose`.

    Args:
        server: Whose.
        options: Of the actor.
        key: One of the server's keys; None: the first.

    Raises:
        ConfigError: the CA file cannot be read.
    """
    keepalive = options.keepalive
    websocket: dict[str, Any] = {
        "ping_interval": keepalive.interval_s if keepalive else None,
        "ping_timeout": keepalive.timeout_s if keepalive else None,
        "max_size": None,
        "open_timeout": options.setup_timeout_s,
        "close_timeout": options.close_timeout_s,
        # Audio does not shrink; deflating each block would cost time and memory.
        "compression": None,
    }
    return make_client(server, key or server.keys[0], websocket)
