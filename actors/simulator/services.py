"""What all sessions and requests of one simulator share."""

import asyncio
import logging
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from .conversation import Handles
from .director import Director
from .ears import Ears
from .journal import Journal
from .options import SimulatorOptions
from .pacing import Pacing
from .voice import Voice

_logger = logging.getLogger(__name__)


class Door(Protocol):
    """The listening socket, as far as a scenario may shut it."""

    def refuse_tcp(self, for_s: float) -> None:
        """Stops listening for a while."""

    def wrong_certificate(self, for_s: float) -> None:
        """Offers a certificate nobody trusts for a while."""


@dataclass
class Services:
    """One instance a server."""

    options: SimulatorOptions
    ears: Ears
    voice: Voice
    director: Director
    journal: Journal
    handles: Handles
    door: Door
    random: random.Random
    pacing: Pacing
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs `work` as a task that the server ends at its stop; a fault goes to the journal."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.journal.faults.append(repr(error))
            _logger.error("a task of the simulator failed", exc_info=error)
