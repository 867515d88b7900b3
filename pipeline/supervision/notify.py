"""Service notification for systemd (sd_notify(3)); without systemd nothing happens."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Self

FOR_THIS_PROCESS = (
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "JOURNAL_STREAM",
)
"""What a service manager says to the process that it started (systemd.exec(5)): a tool that
inherited it would speak in the name of the service, or take what is at 2 for the journal."""


class ServiceManager:
    """Is told `READY=1`, `WATCHDOG=1`, `STOPPING=1`; never blocks, and never raises.

    Args:
        address: Its socket: a path, or `@` and an abstract name; empty: there is none.
    """

    def __init__(self, address: str = "") -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket: socket.socket | None = None

    @classmethod
    def taken_from(cls, environment: MutableMapping[str, str] = os.environ) -> Self:
        """Find it in the environment, and leave nothing of it there for other programs."""
        found = {name: environment.pop(name, "") for name in FOR_THIS_PROCESS}
        return cls(found["NOTIFY_SOCKET"])

    def tell(self, message: str) -> None:
        """Send a message. One that is not read, or whose socket is gone, is left out."""
        if not self._address:
            return
        with suppress(OSError, ValueError):
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                self._socket.setblocking(False)
            self._socket.sendto(message.encode(), self._address)

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
