"""Devices and files that only one process of this machine may use, whichever pipeline it is of."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import struct
from typing import Self

from pipeline.errors import DeviceError

_PEER = struct.Struct("3i")
"""`struct ucred`, unix(7): process, user, group."""


class DeviceLock:
    """Holds a device for this process, until it lets go or dies, however it dies.

    An abstract socket: its name is known to all users of the machine and in no folder, so that
    nobody lacks the right to it, and the kernel says who holds it.
    """

    def __init__(self, what: str, shown: str) -> None:
        """Make one that is not held.

        Args:
            what: The device, the same for everybody who may use it.
            shown: What it is called in errors.
        """
        self._shown = shown
        self._address = "\0greenroom/" + hashlib.sha256(what.encode(errors="replace")).hexdigest()
        self._socket: socket.socket | None = None

    def acquire(self) -> Self:
        """Take it.

        Raises:
            DeviceError: another process has it, and which; or what else the system refuses.
        """
        try:
            self._socket = self._bound()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise DeviceError(
                    f"{self._shown} is in use by another pipeline ({self._holder()}): "
                    "stop that one, or name another here"
                ) from error
            raise DeviceError(
                f"{self._shown} cannot be kept from other pipelines: {error.strerror}"
            ) from error
        return self

    def release(self) -> None:
        """Let go of it; harmless when it is not held."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _bound(self) -> socket.socket:
        held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            held.bind(self._address)
            held.listen()
        except OSError:
            held.close()
            raise
        return held

    def _holder(self) -> str:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.setblocking(False)
            try:
                asking.connect(self._address)
                peer = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
            except OSError:
                return "a process that is ending"
        return f"process {_PEER.unpack(peer)[0]}"


def sound_lock(direction: str, host_api: str, name: str) -> DeviceLock:
    """Return the lock of a sound device.

    A name such as `default` stands for what a sound server makes of it, and each user has a sound
    server; hardware has its card in the name and is there once.
    """
    whose = "" if "(hw:" in name else f"{os.getuid()}/{os.environ.get('PULSE_SERVER', '')}"
    return DeviceLock(f"sound/{direction}/{host_api}/{name}/{whose}", f"{direction} {name!r}")
