"""Sockets on which an actor is called by strangers; they outlive its process."""

from __future__ import annotations

import socket

from pipeline.errors import ConfigError

BACKLOG = 512
"""Connections that wait while the actor is busy or being restarted: five times as many callers as
two cores carry."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 is any that is free.

    Raises:
        ConfigError: the address is taken, or is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"cannot listen on {host}:{port} ({error.strerror}): "
            "end what listens there, or choose another port in the options"
        ) from error
    sock.setblocking(False)
    return sock
