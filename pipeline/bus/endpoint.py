"""Where actors publish, and the lock that keeps an endpoint to one publisher."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from pipeline.errors import ConfigError, EndpointBusyError
from pipeline.ports import SUPERVISOR

IPC_PATH_MAX_BYTES = 107
"""Size of `sun_path` less its final NUL, unix(7)."""
LOOK_S = 0.01
"""Who only looks whether a lock is held, as `greenroom status` does, has it for microseconds."""


def default_runtime_dir(pipeline: str) -> Path:
    """Folder of a pipeline's sockets: under XDG_RUNTIME_DIR, else under a temporary folder.

    The first whose paths are short enough for sockets.

    Raises:
        ConfigError: no folder can be written.
    """
    private = f"greenroom-{os.getuid()}"
    temporary = temporary_dir() / private / pipeline
    folders = [temporary, *(Path(base) / private / pipeline for base in ("/tmp", "/var/tmp"))]
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    # `sudo` leaves that of another user there; a relative one is to be ignored, says the XDG
    # specification.
    if Path(base).is_absolute() and _is_ours(Path(base)):
        folders.insert(0, Path(base) / "greenroom" / pipeline)
    return next((each for each in folders if _has_room(each)), temporary)


def temporary_dir() -> Path:
    """Return the temporary folder.

    Raises:
        ConfigError: there is none that can be written.
    """
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise ConfigError(
            f"no temporary folder can be written ({error.strerror}): set XDG_RUNTIME_DIR or TMPDIR"
        ) from error


def make_private_dir(path: Path, what: str) -> None:
    """Create a folder so that only its owner can enter it, in folders that nobody can exchange.

    Args:
        path: The folder.
        what: The field of the config that names it.

    Raises:
        ConfigError: it cannot be made, or somebody else owns it, or a folder that it is in.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in (path, *path.absolute().parents, *path.resolve().parents):
            if each.lstat().st_uid not in _trusted() or each.stat().st_uid not in _trusted():
                raise ConfigError(
                    f"{what} {path}: {each} belongs to another user: "
                    f"set {what} to another, or remove it"
                )
        if path.stat().st_uid == os.getuid():
            path.chmod(0o700)
    except OSError as error:
        raise ConfigError(
            f"{what} {path} cannot be made ({error.strerror}): set {what} to another"
        ) from error


def _trusted() -> set[int]:
    """This user, and the superuser; in a container of a user's own that has another number."""
    return {os.getuid(), 0, Path("/").stat().st_uid}


def _is_ours(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK)
    except OSError:
        return False


def _has_room(runtime_dir: Path) -> bool:
    return len(os.fsencode(runtime_dir.absolute() / SUPERVISOR)) <= IPC_PATH_MAX_BYTES


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
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(LOOK_S)
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise EndpointBusyError(
                f"{self._actor} already publishes at {self._path.with_suffix('')} "
                f"(process {holder}): stop that process, or give this pipeline another name"
            ) from error
        # The lock holds also where the disk has no room for the number.
        with suppress(OSError):
            os.ftruncate(fd, 0)
            os.write(fd, str(os.getpid()).encode())
        self._fd = fd
        return self

    @property
    def is_there(self) -> bool:
        """Whether the file that is locked is still where others look for it."""
        if self._fd is None:
            return False
        try:
            there, ours = self._path.stat(), os.fstat(self._fd)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def release(self) -> None:
        """Give the endpoint free; harmless when not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(self, *_exc: object) -> None:
        self.release()
