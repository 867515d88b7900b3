"""What can become of what a run prints and logs, each as what the run is started with."""

from __future__ import annotations

import fcntl
import os
import pty
import threading
from contextlib import ExitStack
from pathlib import Path

UNWRITABLE_LOCALE = {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONIOENCODING": "latin-1",
}


class Surroundings:
    """What a run is started with."""

    def __init__(self, folder: Path, cleanup: ExitStack) -> None:
        self.folder = folder
        self.cleanup = cleanup
        self.env: dict[str, str] = {}
        self.out: int = self.opened(folder / "out.txt")
        self.err: int = self.opened(folder / "err.txt")
        self.closed: list[int] = []
        self.plain = True
        self.terminal: int | None = None
        """The end of the terminal that shows what is written."""

    @property
    def log(self) -> Path:
        """The log file of a run in the live view."""
        return self.folder / "state" / "greenroom" / "log" / "greenroom.log"

    def opened(self, path: Path | str) -> int:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        self.cleanup.callback(os.close, fd)
        return fd

    def on_terminal(self) -> int:
        """Write to a terminal; return the end that the user sits at."""
        self.terminal, self.out = pty.openpty()
        self.err = self.out
        self.cleanup.callback(os.close, self.out)
        return self.terminal

    def read_terminal(self) -> None:
        """Have somebody look at the terminal, until nobody can write to it any more."""

        def read() -> None:
            assert self.terminal is not None
            try:
                while os.read(self.terminal, 65536):
                    pass
            except OSError:
                os.close(self.terminal)

        thread = threading.Thread(target=read)
        self.cleanup.callback(thread.join)
        self.on_terminal()
        thread.start()

    def unread_pipe(self) -> int:
        read, write = os.pipe()
        self.cleanup.callback(os.close, read)
        self.cleanup.callback(os.close, write)
        return filled(write)


def filled(fd: int) -> int:
    """Write to a descriptor until it takes nothing more."""
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        while True:
            os.write(fd, b"x" * 64)
    except BlockingIOError:
        fcntl.fcntl(fd, fcntl.F_SETFL, flags)
    return fd


def stdout_full(to: Surroundings) -> None:
    to.out = to.opened("/dev/full")


def stdout_closed(to: Surroundings) -> None:
    to.closed = [1]


def stdout_stopped(to: Surroundings) -> None:
    to.out = to.unread_pipe()


def stdout_locale(to: Surroundings) -> None:
    to.env = UNWRITABLE_LOCALE


def stdout_left(to: Surroundings) -> None:
    """As `| head -1` leaves it."""
    read, to.out = os.pipe()
    to.cleanup.callback(os.close, to.out)
    os.close(read)


def stderr_full(to: Surroundings) -> None:
    to.err = to.opened("/dev/full")


def stderr_closed(to: Surroundings) -> None:
    to.closed = [2]


def stderr_stopped(to: Surroundings) -> None:
    to.err = to.unread_pipe()


def stderr_locale(to: Surroundings) -> None:
    to.env, to.out = UNWRITABLE_LOCALE, to.opened("/dev/null")


def all_closed(to: Surroundings) -> None:
    to.closed = [0, 1, 2]


def log_full(to: Surroundings) -> None:
    in_live_view(to)
    to.log.symlink_to("/dev/full")


def log_closed(to: Surroundings) -> None:
    in_live_view(to)
    to.log.parent.rmdir()
    to.log.parent.write_text("in the place of the folder")


def log_stopped(to: Surroundings) -> None:
    in_live_view(to)
    os.mkfifo(to.log)


def log_locale(to: Surroundings) -> None:
    in_live_view(to)
    to.env = UNWRITABLE_LOCALE


def in_live_view(to: Surroundings) -> None:
    to.plain = False
    to.log.parent.mkdir(parents=True)
    to.read_terminal()


def live_full(to: Surroundings) -> None:
    log_full(to)
    to.err = to.opened("/dev/full")


def live_stopped(to: Surroundings) -> None:
    to.plain = False
    to.cleanup.callback(os.close, to.on_terminal())
    filled(to.out)


def live_closed(to: Surroundings) -> None:
    to.plain = False
    to.on_terminal()


def plain_full(to: Surroundings) -> None:
    to.out = to.err = to.opened("/dev/full")


def plain_stopped(to: Surroundings) -> None:
    live_stopped(to)
    to.plain = True


def plain_closed(to: Surroundings) -> None:
    to.on_terminal()


def plain_locale(to: Surroundings) -> None:
    to.read_terminal()
    to.env = UNWRITABLE_LOCALE
