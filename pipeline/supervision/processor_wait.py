"""How long a process was kept waiting for a processor by others."""

from __future__ import annotations

from pipeline.launch.process_work import processor_time


class ProcessorWait:
    """Of the main thread of an actor's process.

    On a machine with more to do than it can, who is silent may only not have had its turn: to start
    it again would cost its callers their connections, and the machine still more.
    """

    def __init__(self) -> None:
        self._waited_s: float | None = None
        """When it was last asked for."""

    def begin(self) -> None:
        """There is another process."""
        self._waited_s = None

    def since_asked_s(self, pid: int | None) -> float:
        """Return how long it waited since this was last asked, in s; 0 if nobody knows."""
        before, self._waited_s = self._waited_s, None if pid is None else waited_s(pid)
        if before is None or self._waited_s is None:
            return 0.0
        return self._waited_s - before


def waited_s(pid: int) -> float | None:
    """Return for how long the main thread of a process could have run and was not let, in s.

    Linux only; None: the process is gone, or the system does not tell.
    """
    time = processor_time(f"{pid}")
    return None if time is None else time.queued_ns / 1e9
