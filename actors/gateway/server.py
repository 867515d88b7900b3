"""The web server in the actor's own event loop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

MOST_MESSAGE_BYTES = 16_000_000
"""Of a WebSocket: two minutes of PCM in base64 have 5 MB, a picture of 12 megapixels 8."""
GRACE_S = 2
"""For requests under way when the server stops: half of what the supervisor gives an actor."""


class WebServer(uvicorn.Server):
    """Uvicorn without its hands on the signals, which are the actor's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def make_server(app: Any, certificate: tuple[Path, Path] | None = None) -> WebServer:
    """Return a server for an application; `serve(sockets=[...])` runs it.

    Args:
        app: What it serves.
        certificate: PEM files of certificate and private key; None: without TLS.
    """
    files = certificate or (None, None)
    return WebServer(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=MOST_MESSAGE_BYTES,
            # Base64 of sound takes 50 us a message to deflate and saves a third.
            ws_per_message_deflate=False,
            server_header=False,
            ssl_certfile=files[0],
            ssl_keyfile=files[1],
            timeout_graceful_shutdown=GRACE_S,
        )
    )
