"""How long a process was kept waiting for a processor by others."""

from __future__ import annotations

from pathlib import Path


def waited_s(pid: int) -> float | None:
    """Return for how long the main thread of a process could have run and was not let, in s.

    Linux only; None: the process is gone, or the system does not tell.
    """
    try:
        # At each heartbeat: without the comforts of text, which take longer than the kernel.
        fields = Path(f"/proc/{pid}/schedstat").read_bytes().split()
    except OSError:
        return None
    # Time on a processor, time in its queue, slices (kernel: Documentation/scheduler/sched-stats).
    return int(fields[1]) / 1e9 if len(fields) == 3 else None
