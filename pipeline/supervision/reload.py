"""`systemctl reload`: a service takes up its config anew, in the same process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.config import SUPERVISOR
from pipeline.errors import GreenroomError
from pipeline.launch.slowness import Slowness
from pipeline.logs import get_logger, redact
from pipeline.supervision.notify import ServiceManager

if TYPE_CHECKING:
    from pipeline.config.graph import Graph
    from pipeline.supervision.supervisor import Supervisor

AWAY_S = 60.0
"""To stop the actors in their order and to begin anew: 13 actors have 3 s each at most, and a cold
start takes 10 s."""


class Reload:
    """Checks the config when it is asked to; one that can be used is run in place of the old one.

    Args:
        load: Loads and checks the config.
        service: Who asks for it, by SIGHUP. If there is nobody, SIGHUP has its usual meaning.
        slowness: Of this machine.
    """

    def __init__(
        self, load: Callable[[], Graph], service: ServiceManager, slowness: Slowness
    ) -> None:
        self.service = service
        self.slowness = slowness
        self.is_due = False
        """The run has been stopped for it."""
        self._load = load

    def of(self, supervisor: Supervisor) -> Callable[[], None] | None:
        """Return what SIGHUP does to the run of a supervisor; None: what it usually does."""

        def reload() -> None:
            self.service.reloading()
            try:
                self._load()
            except GreenroomError as error:
                problem = redact(str(error))
                get_logger(SUPERVISOR).error("going on with the config as it was", because=problem)
                self.service.tell("READY=1")
                self.service.status(f"going on with the config as it was: {problem}")
            else:
                self.is_due = True
                self.service.away(AWAY_S * self.slowness.start)
                supervisor.stop(reason="asked to take up its config anew")

        return reload if self.service.is_there else None

    def begin_anew(self) -> None:
        """Become a new run, in the same process; does not return."""
        self.service.handed_on()
        sys.stdout.flush()
        sys.stderr.flush()
        # One that is asked for before the new run listens is not to end it.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
