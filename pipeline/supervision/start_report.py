"""What is said of a pipeline's start and end: in the log, and to the service manager."""

from __future__ import annotations

import time
from enum import StrEnum

from pipeline.config import SUPERVISOR
from pipeline.logs import get_logger
from pipeline.supervision.notify import ServiceManager
from pipeline.supervision.process_table import ProcessTable

TOLD_EVERY_S = 5.0
"""While it prepares; also how long a start takes that is not worth a word (usual: 1 s)."""


class StartState(StrEnum):
    """How far the start is."""

    PREPARING = "preparing"
    SETTLED = "settled"
    """All that can work does. What failed in its start is tried again meanwhile."""
    READY = "ready"
    """Every actor has worked."""


class StartReport:
    """Tells how far the start is, until every actor is ready.

    Args:
        processes: Those that are started.
        service: Who started this as a service, perhaps.
    """

    def __init__(self, processes: ProcessTable, service: ServiceManager) -> None:
        self._processes = processes
        self._service = service
        self._state = StartState.PREPARING
        self._next_s = time.monotonic() + TOLD_EVERY_S
        self._log = get_logger(SUPERVISOR)

    @property
    def was_ready(self) -> bool:
        """Whether every actor has worked."""
        return self._state is StartState.READY

    def became_ready(self) -> bool:
        """Return whether every actor works, for the first time; and say so."""
        if self.was_ready or not self._processes.is_ready:
            return False
        self._log.info("every actor is ready")
        self._settled()
        self._state = StartState.READY
        self._service.status("every actor is ready")
        return True

    def look(self, now_s: float) -> None:
        """Say from time to time how far it is."""
        if self.was_ready:
            return
        if self._processes.is_settled:
            self._settled()
            self._service.status(self._processes.how_far)
        elif now_s >= self._next_s:
            self._next_s = now_s + TOLD_EVERY_S
            self._log.info(f"preparing: {self._processes.how_far}")
            self._service.preparing(self._processes.how_far)

    def stopping(self, deadline_s: float) -> None:
        """Say that it stops, one actor after the other, each within its deadline."""
        self._service.stopping(len(list(self._processes)) * deadline_s)

    def _settled(self) -> None:
        if self._state is StartState.PREPARING:
            self._state = StartState.SETTLED
            self._service.back()
            self._service.tell("READY=1")
