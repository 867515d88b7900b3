"""Start a program that dies with its parent: `parent_death_exec.py PARENT_PID COMMAND [ARG...]`.

Run as a script in front of an MCP server's command, so that a server which hangs does not outlive
a tools actor that was killed. Uses the standard library alone, for a quick start.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""
COMMAND_NOT_FOUND = 127
"""Exit status that shells use for it."""


def main(parent: int, command: list[str]) -> int:
    """Become `command`; returns an exit status only if that fails."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            return 1  # The parent died before its death signal was asked for.
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
    return COMMAND_NOT_FOUND


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
