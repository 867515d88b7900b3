"""A PostgreSQL of a test's own, on a socket of its own: Debian's package `postgresql`."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

WHERE = "/usr/lib/postgresql/*/bin/initdb"
"""Where Debian and Ubuntu install it; it is not on the path there."""
SETTINGS = "-c listen_addresses= -c fsync=off"
GONE_S = 10
"""For its processes to end: each looks for the first one's death whenever it waits."""


class PostgresServer:
    """Runs in a folder until it is closed; databases are made in it.

    It refuses to run as root, so root gives the folder to Debian's user `postgres`.
    """

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self.folder = folder
        """Of its socket."""
        self._bin = _programs()
        self._as: list[str] = []
        self.user = "postgres"
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(folder, "postgres", "postgres")
        self._run("initdb", "-D", str(self._data), "-A", "trust", "-N", "-U", self.user)
        self.start()

    def start(self) -> None:
        """Start it; returns when it can be used."""
        log = str(self.folder / "log")
        options = f"-k {self.folder} {SETTINGS}"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as if it crashed: nobody is told, and nothing is tidied up."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def kill(self) -> None:
        """Kill its first process; the others end by themselves, before it can be started again."""
        processes = self._processes()
        processes[0].kill()
        _, alive = psutil.wait_procs(processes, timeout=GONE_S)
        assert not alive, f"{alive} did not end"

    def used_s(self) -> float:
        """Return the processor time of its processes, of ended ones too, in s."""
        spent = [each.cpu_times() for each in self._processes()]
        ended = spent[0].children_user + spent[0].children_system
        return float(sum(each.user + each.system for each in spent) + ended)

    def _processes(self) -> list[psutil.Process]:
        first = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        return [first, *first.children(recursive=True)]

    def make_database(self, name: str) -> str:
        """Make a new database and return its URL."""
        self._run("createdb", "-h", str(self.folder), "-U", self.user, name)
        return f"postgresql://{self.user}@/{name}?host={self.folder}"

    def _run(self, program: str, *arguments: str) -> None:
        # Its own children keep pipes open: what it says goes into a file.
        with (self.folder.parent / "postgres.out").open("ab") as said:
            subprocess.run(
                [*self._as, str(self._bin / program), *arguments],
                check=True,
                cwd="/",
                stdout=said,
                stderr=said,
            )


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run one in a folder of its own; its socket's path may have 107 characters."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    # Another user is to reach it.
    folder.chmod(0o755)
    try:
        server = PostgresServer(folder / "server")
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    found = [*sorted(Path("/").glob(WHERE[1:])), shutil.which("initdb")]
    if found[0] is None:
        raise FileNotFoundError("PostgreSQL is not here: apt-get install postgresql")
    return Path(found[0]).parent
