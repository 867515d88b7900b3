"""The listening socket, which a scenario may shut or fit with a wrong certificate."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

# Enough for a hundred clients that connect in the same moment.
BACKLOG = 256

Serve = Callable[[socket.socket, bool], Awaitable[None]]
