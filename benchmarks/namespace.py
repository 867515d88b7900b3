"""A network of its own, as the engine Ray needs where it may use no other address: loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

MARK = "GREENROOM_OWN_NETWORK"
"""Set in the process that has one."""


def in_this_network() -> Iterator[psutil.Process]:
    """Yield the processes that have the network of this one."""
    own = Path("/proc/self/ns/net").readlink()
    for process in psutil.process_iter():
        try:
            if Path(f"/proc/{process.pid}/ns/net").readlink() == own:
                yield process
        except OSError:
            continue


def in_own_network(module: str) -> None:
    """Go on in a network namespace with nothing but loopback; needs root.

    Ray replaces 127.0.0.1 by the host's address, and its nodes then look for each other there.

    Args:
        module: What runs, as for `python -m`; its arguments are this process's.
    """
    if os.environ.get(MARK):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    os.environ[MARK] = "1"
    command = ["unshare", "--net", sys.executable, "-m", module, *sys.argv[1:]]
    os.execvp(command[0], command)
