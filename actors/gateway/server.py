"""The web server in the actor's own event loop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from actors.gateway.client_connection import FAREWELL_S

MOST_MESSAGE_BYTES = 16_000_000
"""Of a WebSocket: two minutes of PCM in base64 have 5 MB, a picture of 12 megapixels 8."""
GRACE_S = 2
"""For requests under way when the server stops: half of what the supervisor gives an actor."""


class CallerSocket(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket, which also lets go of who reads nothing.

    To close a transport waits until what was written has been read; a client that has stopped
    reading, or whose machine is gone, would be served for ever.
    """

    async def run_asgi(self) -> None:
        """Serve it, and let go of it."""
        await super().run_asgi()
        self.loop.call_later(FAREWELL_S, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """No answer to a ping: nobody is there."""
        super().keepalive_timeout()
        self.transport.abort()


class WebServer(uvicorn.Server):
    """Uvicorn without its hands on the signals, which are the actor's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def address_of(sock: socket.socket, *, tls: bool) -> str:
    """Return the URL of what is served on a socket."""
    host, port = sock.getsockname()[:2]
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


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
            ws=CallerSocket,
            ws_max_size=MOST_MESSAGE_BYTES,
            # Base64 of sound takes 50 us a message to deflate and saves a third.
            ws_per_message_deflate=False,
            server_header=False,
            ssl_certfile=files[0],
            ssl_keyfile=files[1],
            timeout_graceful_shutdown=GRACE_S,
        )
    )
