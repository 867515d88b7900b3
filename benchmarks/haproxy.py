"""A HAProxy of a test's own, with the config that the docs give: Debian's package `haproxy`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.sound import ROOT

CONFIG = ROOT / "docs" / "examples" / "haproxy.cfg"
FRONT, ROOMS = 3000, (3001, 3002)
"""Ports in it."""
START_S, STOP_S = 10, 5


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once it listens."""
    late_s = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None, "it has ended: see its log"
            assert time.monotonic() < late_s, "it does not listen"
        else:
            return


@contextmanager
def haproxy(folder: Path, port: int, rooms: Sequence[int]) -> Iterator[None]:
    """Run it in front of two rooms.

    Args:
        folder: Gets its config and its log.
        port: Where callers connect.
        rooms: Ports of the rooms.
    """
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        raise FileNotFoundError("haproxy is not installed: apt-get install haproxy")
    text = CONFIG.read_text()
    for written, real in zip((FRONT, *ROOMS), (port, *rooms), strict=True):
        assert f":{written}\n" in text
        text = text.replace(f":{written}\n", f":{real}\n")
    path = folder / "haproxy.cfg"
    path.write_text(text)
    with (folder / "haproxy.log").open("w") as log:
        process = subprocess.Popen([program, "-f", path], stdout=log, stderr=log)
        try:
            _wait(port, process)
            yield
        finally:
            process.terminate()
            process.wait(STOP_S)
