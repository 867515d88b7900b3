"""Upkeep of an endpoint: its files are made again when somebody has removed them.

A logout removes XDG_RUNTIME_DIR, and systemd-tmpfiles what is old. Who is connected stays so, but
nobody could connect any more: no actor that was restarted, and no tool.
"""

from __future__ import annotations

from pathlib import Path

import zmq

from pipeline.bus.endpoint import EndpointLock, make_private_dir
from pipeline.bus.publisher import Publisher
from pipeline.errors import ConfigError, EndpointBusyError


class EndpointUpkeep:
    """Looks after the socket and the lock of one endpoint.

    Args:
        runtime_dir: Their folder.
        actor: Whose endpoint.
        lock: Held.
        publisher: Bound to it.
    """

    def __init__(
        self, runtime_dir: Path, actor: str, lock: EndpointLock, publisher: Publisher
    ) -> None:
        self._runtime_dir = runtime_dir
        self._socket = runtime_dir / actor
        self._lock = lock
        self._publisher = publisher
        self._is_local = publisher.address.startswith("ipc:")

    def restore(self) -> bool:
        """Make again what is missing; return whether anything was.

        Raises:
            ConfigError: it cannot be made again.
        """
        if self._lock.is_there and (self._socket.exists() or not self._is_local):
            return False
        try:
            make_private_dir(self._runtime_dir, "runtime_dir")
            if not self._lock.is_there:
                self._lock.release()
                self._lock.acquire()
            if self._is_local and not self._socket.exists():
                self._publisher.bind_again()
        except (ConfigError, EndpointBusyError, OSError, zmq.ZMQError) as error:
            raise ConfigError(f"{self._runtime_dir} was removed, and {error}") from error
        return True
