"""How many files and sockets a process may have open, which every actor inherits."""

from __future__ import annotations

import resource

from pipeline.errors import GreenroomError

LEAST = 96
"""The demo runs with 64 and not with 48; ten actors more have about three sockets each in the
supervisor."""
ENOUGH = 65_536
"""Two sockets for each of thousands of callers. Not more: some programs, started as tools, close
all that they may have open, one by one."""


def raise_file_limit() -> None:
    """Take as many as the system allows without asking, up to `ENOUGH`.

    Raises:
        GreenroomError: that is too few to run a pipeline.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if most == resource.RLIM_INFINITY else min(most, ENOUGH)
    if now != resource.RLIM_INFINITY and wanted > now:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    if most != resource.RLIM_INFINITY and most < LEAST:
        raise GreenroomError(
            f"this process may open {most} files, a pipeline needs {LEAST}: raise the limit "
            "(`ulimit -n`, in systemd LimitNOFILE)"
        )
