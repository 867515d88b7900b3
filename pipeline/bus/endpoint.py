"""Where actors publish, and the lock that keeps an endpoint to one publisher."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from typing import Self

from pipeline.errors import ConfigError, EndpointBusyError

IPC_PATH_MAX_BYTES = 107
"""Size of `sun_path` less its final NUL, unix(7)."""


def default_runtime_dir(pipeline: str) -> Path:
    """Folder of a pipeline's sockets: under XDG_RUNTIME_DIR, else under the temporary folder."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and os.access(base, os.W_OK):
        return Path(base) / "greenroom" / pipeline
    return Path(tempfile.gettempdir()) / f"greenroom-{os.getuid()}" / pipeline


def make_runtime_dir(path: Path) -> None:
    """Create the folder so that only its owner can enter it.

    Raises:
        ConfigError: it belongs to somebody else.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise ConfigError(
            f"runtime_dir {path} belongs to another user: choose another, or remove it"
        )
    path.chmod(0o700)


def ipc_address(runtime_dir: Path, actor: str) -> str:
    """Return the address on which `actor` publishes within this host.

    Raises:
        ConfigError: the path is longer than a unix socket allows.
    """
    path = runtime_dir / actor
    if len(os.fsencode(path)) > IPC_PATH_MAX_BYTES:
        raise ConfigError(
            f"the socket path {path} is longer than {IPC_PATH_MAX_BYTES} bytes: "
            "set a shorter runtime_dir"
        )
    return f"ipc://{path}"


class EndpointLock:
    """Holds an endpoint for this process.

    ZeroMQ lets a second bind on an ipc path succeed and silently steals the subscribers, so the
    lock, not the bind, is what refuses a second publisher. The kernel drops it when the process
    dies, however it dies.
    """

    def __init__(self, runtime_dir: Path, actor: str) -> None:
        self._path = runtime_dir / f"{actor}.lock"
        self._actor = actor
        self._fd: int | None = None

    def acquire(self) -> Self:
        """Take the lock.

        Raises:
            EndpointBusyError: another process holds it.
        """
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise EndpointBusyError(
                f"{self._actor} already publishes at {self._path.with_suffix('')} "
                f"(process {holder}): stop that process, or give this pipeline another name"
            ) from error
        os.ftruncate(fd, 0)
        os.write(fd, str(os.getpid()).encode())
        self._fd = fd
        return self

    def release(self) -> None:
        """Give the endpoint free; harmless when not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(self, *_exc: object) -> None:
        self.release()
