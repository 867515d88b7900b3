"""Service notification for systemd (sd_notify(3)); without systemd nothing happens."""

from __future__ import annotations

import os
import socket
import time
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
EXTENSION_S = 30.0
"""From one sign of progress to the next, at most: the supervisor gives one every 5 s, and a cold SD
card can hold it up itself."""


class ServiceManager:
    """Is told how the service is; never blocks, and never raises.

    Args:
        address: Its socket: a path, or `@` and an abstract name; empty: there is none.
    """

    def __init__(self, address: str = "") -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket: socket.socket | None = None
        self._found = dict.fromkeys(FOR_THIS_PROCESS, "")
        self._said = ""
        self._is_away = False

    @classmethod
    def taken_from(cls, environment: MutableMapping[str, str] = os.environ) -> Self:
        """Find it in the environment, and leave nothing of it there for other programs."""
        found = {name: environment.pop(name, "") for name in FOR_THIS_PROCESS}
        service = cls(found["NOTIFY_SOCKET"])
        service._found = found
        return service

    @property
    def is_there(self) -> bool:
        """Somebody started this as a service."""
        return bool(self._address)

    def preparing(self, how_far: str) -> None:
        """The start gets on: it is not to be taken for one that hangs."""
        self.tell(f"EXTEND_TIMEOUT_USEC={_usec(EXTENSION_S)}")
        self.status(f"preparing: {how_far}")

    def status(self, text: str) -> None:
        """Say in words how it is, for `systemctl status`."""
        if text != self._said:
            self._said = text
            self.tell(f"STATUS={text}")

    def stopping(self, within_s: float) -> None:
        """It stops, which may take so long; not if it only becomes another process."""
        if self._is_away:
            return
        self.tell("STOPPING=1")
        self.tell(f"EXTEND_TIMEOUT_USEC={_usec(within_s + EXTENSION_S)}")

    def reloading(self) -> None:
        """It takes up its config anew; it says that it is ready when it has."""
        self.tell(f"RELOADING=1\nMONOTONIC_USEC={_usec(time.monotonic())}")

    def away(self, for_s: float) -> None:
        """Expect no sign of life for so long: this process becomes another."""
        self._is_away = True
        if self._found["WATCHDOG_USEC"]:
            self.tell(f"WATCHDOG_USEC={_usec(for_s)}")

    def back(self) -> None:
        """It is there again, and gives a sign of life as often as was asked at first."""
        if self._found["WATCHDOG_USEC"]:
            self.tell(f"WATCHDOG_USEC={self._found['WATCHDOG_USEC']}")

    def handed_on(self, environment: MutableMapping[str, str] = os.environ) -> None:
        """Leave in the environment what was found there, for the program that takes over."""
        environment.update({name: value for name, value in self._found.items() if value})

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


def _usec(seconds: float) -> int:
    return round(seconds * 1e6)
