"""Whose turn on a processor comes first, where there are more processes than processors."""

from __future__ import annotations

import os
import sys
from enum import StrEnum


class Priority(StrEnum):
    """Of an actor's process, with all its threads and the programs that it starts."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    REALTIME = "realtime"
    """Before everything else on the machine, whenever there is something to do."""


NICENESS = {Priority.LOW: 10, Priority.NORMAL: 0, Priority.HIGH: -11}
"""-11 is what PulseAudio and PipeWire ask for themselves, 10 what nice(1) gives."""
REALTIME = 10
"""Of 99: before all that is not real time, and behind PipeWire's own threads (88) and the kernel's
interrupts (50), which fill and empty the buffers of the device."""
MOST_REALTIME = 20
"""What a service and its user are to be permitted: what rtkit grants to programs without rights of
their own (rtkit-daemon, --max-realtime-priority)."""
ADVICE = (
    "give the user or the service the right (`rtprio` and `nice` in /etc/security/limits.d, "
    "LimitRTPRIO= and LimitNICE= in systemd)"
)


def take(wanted: Priority) -> Priority:
    """Give this process the priority, or as much of it as it may have; return which it got.

    Threads that are started later have it too. Linux only; elsewhere nothing changes.
    """
    if sys.platform != "linux" or wanted is Priority.NORMAL:
        return Priority.NORMAL
    if wanted is Priority.REALTIME:
        try:
            # In turns with others of the same priority.
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(REALTIME))
        except OSError:
            wanted = Priority.HIGH
        else:
            return Priority.REALTIME
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS[wanted])
    except OSError:
        return Priority.NORMAL
    return wanted
