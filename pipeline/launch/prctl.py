"""Parent-death signal and process name: what only Linux offers a process."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
"""linux/prctl.h"""
NAME_BYTES = 15
"""TASK_COMM_LEN of linux/sched.h, without the zero at the end."""


def die_with_parent(parent_pid: int) -> None:
    """Be killed when the parent dies, also when it died already. Linux only, elsewhere nothing."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


def name_process(name: str) -> None:
    """Be `gr:name` in the list of processes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, f"gr:{name}".encode()[:NAME_BYTES], 0, 0, 0)
