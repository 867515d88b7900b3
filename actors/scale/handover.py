"""The port on which HAProxy finds a replica of Ray Serve, given to the room that runs in it.

Ray binds it and serves the replica's own ASGI application there, with a server, a task and a queue
of its own for each message. A room has a server already: with this one it is called without a hop
between.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

import uvicorn


def take_listener(take: Callable[[socket.socket], None]) -> None:
    """Let the servers that are started in this process serve nothing, and hand their sockets over.

    Args:
        take: Given a socket that is bound and does not listen yet. It is closed when the server
            is stopped: keep a copy.
    """

    async def startup(
        server: uvicorn.Server, sockets: Sequence[socket.socket] | None = None
    ) -> None:
        for each in sockets or ():
            take(each)
        server.servers = []
        server.started = True

    # Uvicorn's own hook for what a server listens to; Ray has none.
    uvicorn.Server.startup = startup  # type: ignore[method-assign, assignment]
