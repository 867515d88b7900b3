"""Folders of a running pipeline: made before it starts, and again when somebody removes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.bus import EndpointLock, Publisher
from pipeline.bus.endpoint import make_private_dir
from pipeline.bus.upkeep import EndpointUpkeep
from pipeline.config import SUPERVISOR, write_description
from pipeline.config.build import stand_in_state_dir
from pipeline.errors import ConfigError
from pipeline.logs import get_logger

if TYPE_CHECKING:
    from pipeline.config.graph import Graph


class Folders:
    """Looks after the runtime folder; the actors look after their own part of it.

    Attributes:
        problem: Why the runtime folder is missing; empty while it is there.
    """

    def __init__(self, graph: Graph, started_ns: int, version: str) -> None:
        self.problem = ""
        self._graph = graph
        self._started_ns = started_ns
        self._version = version
        self._upkeep: EndpointUpkeep | None = None
        self._log = get_logger(SUPERVISOR)

    def make(self) -> None:
        """Make the folders of sockets and of state.

        Raises:
            ConfigError: one cannot be made, or is not this user's.
        """
        make_private_dir(self._graph.runtime_dir, "runtime_dir")
        state_dir = self._graph.state_dir
        if state_dir.is_relative_to(stand_in_state_dir()):
            make_private_dir(state_dir, "state_dir")
            self._log.warning("no home that can be written: state is temporary", folder=state_dir)
            return
        try:
            state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"state_dir {state_dir} cannot be made ({error.strerror}): set state_dir to another"
            ) from error

    def describe(self) -> None:
        """Write for other programs what runs here.

        Raises:
            ConfigError: it cannot be written.
        """
        try:
            write_description(self._graph, self._started_ns, self._version)
        except OSError as error:
            raise ConfigError(
                f"runtime_dir {self._graph.runtime_dir} cannot be written ({error.strerror}): "
                "make room there, or set runtime_dir to another"
            ) from error

    def look_after(self, lock: EndpointLock, publisher: Publisher) -> None:
        """Check these from now on."""
        self._upkeep = EndpointUpkeep(self._graph.runtime_dir, SUPERVISOR, lock, publisher)

    def check(self) -> bool:
        """Make again what was removed; return whether all is there."""
        if self._upkeep is None:
            return True
        try:
            if self._upkeep.restore():
                self.describe()
                self._log.warning("the runtime folder was removed; it is made again")
        except ConfigError as error:
            if not self.problem:
                self._log.error("the conversation goes on until an actor ends", because=str(error))
            self.problem = str(error)
            return False
        self.problem = ""
        return True
