"""Sockets on which an actor is called by strangers; they outlive its process."""

from __future__ import annotations

import os
import socket

from pipeline.errors import ConfigError

BACKLOG = 512
"""Connections that wait while the actor is busy or being restarted: five times as many callers as
two cores carry."""


GIVEN = "GREENROOM_LISTENING"
"""Environment: descriptor of a socket that whoever started this process has bound, and hands over
as systemd does."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 is any that is free.

    One that was handed over is taken where it has that port, whatever its address.

    Raises:
        ConfigError: the address is taken, or is not of this machine.
    """
    if (given := _given(port)) is not None:
        return given
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


def _given(port: int) -> socket.socket | None:
    if not (descriptor := os.environ.get(GIVEN)):
        return None
    try:
        sock = socket.socket(fileno=int(descriptor))
    except (ValueError, OSError) as error:
        raise ConfigError(f"{GIVEN}={descriptor} is no socket: leave it out") from error
    if sock.getsockname()[1] != port:
        sock.detach()
        return None
    # It is ours alone from now on: not of those that are started.
    del os.environ[GIVEN]
    sock.set_inheritable(False)
    sock.listen(BACKLOG)
    sock.setblocking(False)
    return sock
