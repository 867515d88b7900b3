"""The web server in the actor's own event loop."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from actors.gateway.access.presented import without_path_token
from actors.gateway.caller_socket import CallerSocket
from pipeline.logs import redact

MOST_MESSAGE_BYTES = 16_000_000
"""Of a WebSocket: two minutes of PCM in base64 have 5 MB, a picture of 12 megapixels 8."""
GRACE_S = 2
"""For requests under way when the server stops: half of what the supervisor gives an actor."""


SECRET_HEADER = re.compile(
    r"(?im)((?:proxy-)?authorization|x-api-key|x-goog-api-key|cookie)(['\"]?\s*[:,]\s*)[^\r\n]+"
)
"""As they are in the lines that websockets writes for debugging."""


class SecretFilter(logging.Filter):
    """Blanks keys in what the server logs, tracebacks too."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let a line pass, without keys."""
        record.msg, record.args = _blanked(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _blanked(logging.Formatter().formatException(record.exc_info))
        return True


class WebServer(uvicorn.Server):
    """Uvicorn without its hands on the signals, which are the actor's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def _blanked(text: str) -> str:
    return redact(without_path_token(SECRET_HEADER.sub(r"\1\2[secret]", text)))


def address_of(sock: socket.socket, *, tls: bool) -> str:
    """Return the URL of what is served on a socket."""
    host, port = sock.getsockname()[:2]
    # On all addresses: at this one the machine itself reaches it.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def make_server(
    app: Any, requests: Any = "auto", certificate: tuple[Path, Path] | None = None
) -> WebServer:
    """Return a server for an application; `serve(sockets=[...])` runs it.

    Args:
        app: What it serves.
        requests: Class of its connections.
        certificate: PEM files of certificate and private key; None: without TLS.
    """
    files = certificate or (None, None)
    for name in ("uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        if not any(isinstance(each, SecretFilter) for each in logger.filters):
            logger.addFilter(SecretFilter())
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        http=requests,
        ws=CallerSocket,
        ws_max_size=MOST_MESSAGE_BYTES,
        # Base64 of sound takes 50 us a message to deflate and saves a third.
        ws_per_message_deflate=False,
        server_header=False,
        # Uvicorn would take the word of any program on this machine.
        proxy_headers=False,
        ssl_certfile=files[0],
        ssl_keyfile=files[1],
        timeout_graceful_shutdown=GRACE_S,
    )
    # So that the context of TLS is there.
    config.load()
    return WebServer(config)
