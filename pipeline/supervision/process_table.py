"""Process table: all actors of a pipeline, and the fork server that starts them."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from pipeline.config import SUPERVISOR
from pipeline.launch.fork_client import ForkServerClient
from pipeline.launch.slowness import USUAL, Slowness
from pipeline.logs import get_logger
from pipeline.supervision.actor_process import ActorProcess
from pipeline.supervision.lifecycle import Event, ProcessState

if TYPE_CHECKING:
    from pipeline.config.graph import Graph

TICK_S = 0.05
"""How late a deadline may be seen: a tenth of the shortest (0.5 s for a stack dump)."""
CALM_TICK_S = 0.5
"""The same while every actor works and nobody waits for an answer: then the shortest deadline is
2 s, and the status goes out so often."""
MEASURE_EVERY_S = 5.0
"""Memory grows slowly, and adding up the pages of a process takes a millisecond. One process is
looked at after the other, so that nobody waits for all of them."""
WITH_PROCESS = (ProcessState.STARTING, ProcessState.RUNNING, ProcessState.DUMPING)
"""The states in which an actor has a process, or has asked for one."""


class ProcessTable:
    """Starts, restarts and stops the actors.

    Args:
        graph: What to run.
        fork_server: Makes the processes.
        started_ns: When the pipeline was started.
        on_death: Hears of each actor's process that ended, after its entry here.
        slowness: Of this machine.
    """

    def __init__(
        self,
        graph: Graph,
        fork_server: ForkServerClient,
        started_ns: int,
        on_death: Callable[[ActorProcess], None],
        slowness: Slowness = USUAL,
    ) -> None:
        self._graph = graph
        self._fork_server = fork_server
        self._on_death = on_death
        backends = graph.config.route.backends
        self._by_name = {
            name: ActorProcess(
                graph,
                node,
                fork_server,
                started_ns,
                lambda other: self[other].is_contained,
                slowness,
            )
            for name, node in graph.nodes.items()
        }
        # The fork server imports what an actor asks for before it forks: those that have nothing
        # to import go first, and the backends in the order of the route, after all the others.
        ranks = {name: rank for rank, name in enumerate(backends, 1)}
        self._in_turn = sorted(
            self, key=lambda each: (ranks.get(each.name, 0), len(each.node.actor_class.preload))
        )
        self._log = get_logger(SUPERVISOR)
        self._measure_s = time.monotonic() + MEASURE_EVERY_S
        self._to_measure: list[ActorProcess] = []

    def __getitem__(self, name: str) -> ActorProcess:
        return self._by_name[name]

    def __iter__(self) -> Iterator[ActorProcess]:
        return iter(self._by_name.values())

    @property
    def is_ready(self) -> bool:
        """Whether every actor works."""
        return all(process.is_ready for process in self)

    @property
    def is_settled(self) -> bool:
        """Whether every actor works, or has failed in its start and is tried again."""
        return all(process.is_ready or process.history.starts > 1 for process in self)

    @property
    def how_far(self) -> str:
        """How far the start is, in words."""
        waiting = [process.name for process in self if not process.is_ready]
        ready = len(self._by_name) - len(waiting)
        said = f"{ready} of {len(self._by_name)} actors are ready, not yet {', '.join(waiting)}"
        importing = self._fork_server.importing
        return f"{said}; importing {importing[0]} for {importing[1]}" if importing else said

    @property
    def is_calm(self) -> bool:
        """Whether no actor is being started, watched at its end, or stopped."""
        return all(process.is_ready or process.is_stopped for process in self)

    @property
    def is_out_of_input(self) -> bool:
        """Whether there are sources, and none has more to give."""
        sources = [process for process in self if process.node.actor_class.is_source]
        return bool(sources) and all(process.is_finished for process in sources)

    def pids(self, names: Iterable[str]) -> dict[str, int]:
        """Return the processes of those of these actors that have one."""
        found = {name: self._fork_server.pid(name) for name in names}
        return {name: pid for name, pid in found.items() if pid is not None}

    def listen(self) -> None:
        """Open the sockets on which strangers call.

        Raises:
            ConfigError: an address is taken.
        """
        for process in self:
            process.listen()

    def watch(self) -> None:
        """Hear of births and deaths from now on."""
        self._fork_server.watch(self._died, self._lost)

    def reconcile(self, now_s: float) -> None:
        """Let time pass for each actor; start those whose predecessors are ready."""
        for process in self._in_turn:
            if process.history.state is ProcessState.WAITING and self._may_start(process):
                process.handle(Event.MAY_START, now_s)
            process.handle(Event.TICK, now_s)

    def excuse(self, lost_s: float, now_s: float) -> None:
        """Nobody was watched for so long, until now: blame nobody for what was not seen."""
        for process in self:
            process.excuse(lost_s)
        self._fork_server.excuse(now_s)

    def measure(self, now_s: float) -> None:
        """From time to time see that the fork server answers, and how big one process is."""
        if now_s >= self._measure_s:
            self._measure_s = now_s + MEASURE_EVERY_S
            self._fork_server.check(now_s)
            self._to_measure = list(self)
        if self._to_measure:
            self._to_measure.pop().measure(now_s)

    async def stop(self, news: asyncio.Event) -> None:
        """Stop in reverse order of start, one after the other, each within its deadline.

        Those that finish what is under way come first: they need the others for it.

        Args:
            news: Set whenever a process has ended.
        """
        # No actor may be started any more, before the first is told to stop.
        order = [self[name] for name in reversed(self._graph.start_order())]
        order.sort(key=lambda process: not process.node.drains)
        for process in order:
            if process.history.state not in WITH_PROCESS:
                process.handle(Event.STOP, time.monotonic())
        for process in order:
            process.handle(Event.STOP, time.monotonic())
            while not process.is_stopped:
                news.clear()
                try:
                    async with asyncio.timeout(TICK_S):
                        await news.wait()
                except TimeoutError:
                    process.handle(Event.TICK, time.monotonic())

    def close(self) -> None:
        """End the fork server, and let go of the sockets."""
        self._fork_server.close()
        for process in self:
            process.close()

    def _may_start(self, process: ActorProcess) -> bool:
        return all(self[name].is_ready for name in process.node.config.after)

    def _died(self, name: str, code: int) -> None:
        self[name].died(code, time.monotonic())
        self._on_death(self[name])

    def _lost(self) -> None:
        """The actors died with their fork server; a new one starts them again."""
        self._log.error("the fork server is gone; starting it and its actors again")
        self._fork_server = self._fork_server.successor()
        self._fork_server.watch(self._died, self._lost)
        for process in self:
            process.fork_server = self._fork_server
            if process.history.state in (*WITH_PROCESS, ProcessState.STOPPING):
                self._died(process.name, -signal.SIGKILL)
