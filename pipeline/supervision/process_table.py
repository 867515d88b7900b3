"""All actors of a pipeline with the fork server that makes their processes."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pipeline.config import SUPERVISOR
from pipeline.launch.fork_client import Nursery
from pipeline.logs import get_logger
from pipeline.supervision.actor_process import Keeper
from pipeline.supervision.lifecycle import Event, Phase

if TYPE_CHECKING:
    from pipeline.config.graph import Graph

TICK_S = 0.05
"""How late a deadline may be seen: a tenth of the shortest (0.5 s for a stack dump)."""
CALM_TICK_S = 0.25
"""The same while every actor works and nobody waits for an answer: then the shortest deadline is
2 s."""
WITH_PROCESS = (Phase.STARTING, Phase.RUNNING, Phase.DUMPING)
"""Of those the actors in them have a process, or will."""


class Crew:
    """Starts, restarts and stops the actors.

    Args:
        graph: What to run.
        nursery: Makes the processes.
        started_ns: When the pipeline was started.
        on_death: Hears of each actor's process that ended, after its keeper.
    """

    def __init__(
        self,
        graph: Graph,
        nursery: Nursery,
        started_ns: int,
        on_death: Callable[[Keeper], None],
    ) -> None:
        self._graph = graph
        self._nursery = nursery
        self._on_death = on_death
        backends = graph.config.route.backends
        self._keepers = {
            name: Keeper(
                graph,
                node,
                nursery,
                started_ns,
                lambda other: self[other].is_contained,
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

    def __getitem__(self, name: str) -> Keeper:
        return self._keepers[name]

    def __iter__(self) -> Iterator[Keeper]:
        return iter(self._keepers.values())

    @property
    def is_ready(self) -> bool:
        """Whether every actor works."""
        return all(keeper.is_ready for keeper in self)

    @property
    def is_calm(self) -> bool:
        """Whether no actor is being started, watched at its end, or stopped."""
        return all(keeper.is_ready or keeper.is_stopped for keeper in self)

    @property
    def is_out_of_input(self) -> bool:
        """Whether there are sources, and none has more to give."""
        sources = [keeper for keeper in self if keeper.node.actor_class.is_source]
        return bool(sources) and all(keeper.is_finished for keeper in sources)

    def watch(self) -> None:
        """Hear of births and deaths from now on."""
        self._nursery.watch(self._born, self._died, self._lost)

    def reconcile(self, now_s: float) -> None:
        """Let time pass for each actor; start those whose predecessors are ready."""
        for keeper in self._in_turn:
            if keeper.life.phase is Phase.WAITING and self._may_start(keeper):
                keeper.handle(Event.MAY_START, now_s)
            keeper.handle(Event.TICK, now_s)

    def check_nursery(self, now_s: float) -> None:
        """See that the fork server answers."""
        self._nursery.check(now_s)

    async def stop(self, news: asyncio.Event) -> None:
        """Stop in reverse order of start, one after the other, each within its deadline.

        Args:
            news: Set whenever a process has ended.
        """
        # No actor may be started any more, before the first is told to stop.
        order = [self[name] for name in reversed(self._graph.start_order())]
        for keeper in order:
            if keeper.life.phase not in WITH_PROCESS:
                keeper.handle(Event.STOP, time.monotonic())
        for keeper in order:
            keeper.handle(Event.STOP, time.monotonic())
            while not keeper.is_stopped:
                news.clear()
                try:
                    async with asyncio.timeout(TICK_S):
                        await news.wait()
                except TimeoutError:
                    keeper.handle(Event.TICK, time.monotonic())

    def close(self) -> None:
        """End the fork server."""
        self._nursery.close()

    def _may_start(self, keeper: Keeper) -> bool:
        return all(self[name].is_ready for name in keeper.node.config.after)

    def _born(self, name: str, _pid: int) -> None:
        self._log.debug("started", started=name)

    def _died(self, name: str, code: int) -> None:
        self[name].died(code, time.monotonic())
        self._on_death(self[name])

    def _lost(self) -> None:
        """The actors died with their fork server; a new one starts them again."""
        self._log.error("the fork server is gone; starting it and its actors again")
        self._nursery = Nursery(self._nursery.log_stream)
        self._nursery.watch(self._born, self._died, self._lost)
        for keeper in self:
            keeper.nursery = self._nursery
            if keeper.life.phase in (*WITH_PROCESS, Phase.STOPPING):
                self._died(keeper.name, -signal.SIGKILL)
