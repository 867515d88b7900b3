"""Actor process: its state, its restarts, and why the last process ended."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

from pipeline.config.graph import SUPERVISOR
from pipeline.frames import ActorState, ActorStatus, Health
from pipeline.launch.actor_main import EXIT_USAGE, describe_exit, error_file
from pipeline.launch.listening import listen
from pipeline.launch.slowness import USUAL, Slowness
from pipeline.launch.start_progress import StartWatch
from pipeline.logs import get_logger
from pipeline.supervision.actor_spec import spec_of
from pipeline.supervision.lifecycle import (
    Deadlines,
    Event,
    ProcessAction,
    ProcessHistory,
    ProcessState,
    excused,
    hangs,
    step,
)
from pipeline.supervision.memory import MemoryWatch, memory_of, resident_pages
from pipeline.supervision.processor_wait import ProcessorWait

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.config.graph import Graph, Node
    from pipeline.hosting.spec import ActorSpec
    from pipeline.launch.fork_client import ForkServerClient

READY_STATES = (ActorState.READY, ActorState.DEGRADED, ActorState.FINISHED)


class ActorProcess:
    """Applies the state machine of `lifecycle` to the processes of one actor."""

    def __init__(
        self,
        graph: Graph,
        node: Node,
        fork_server: ForkServerClient,
        started_ns: int,
        is_contained: Callable[[str], bool],
        slowness: Slowness = USUAL,
    ) -> None:
        self.node = node
        self.name = node.name
        self.health: Health | None = None
        self.usage_error: str | None = None
        self.last_exit = ""
        self.pss_mib: float | None = None
        self.history = ProcessHistory()
        self._graph = graph
        self.fork_server = fork_server
        """Makes its processes."""
        self._started_ns = started_ns
        self._is_contained = is_contained
        self._limits = Deadlines.of(
            graph.config.supervision,
            node.config.startup_deadline_s,
            node.config.heartbeat_timeout_s,
            slowness,
        )
        self._slowness = slowness
        self._log = get_logger(SUPERVISOR)
        self._sockets: list[socket.socket] = []
        self._memory = MemoryWatch()
        self._wait = ProcessorWait()
        self._start_watch = StartWatch(self._limits.startup_deadline_s)

    @property
    def is_ready(self) -> bool:
        """Its process has said that it works."""
        if self.node.external:
            return True
        return self.history.state is ProcessState.RUNNING

    @property
    def is_contained(self) -> bool:
        """It failed too often and has not been ready since: nobody waits for it."""
        failed_often = len(self.history.failures) > self._limits.intensity
        return failed_often and self.history.state is not ProcessState.RUNNING

    @property
    def is_finished(self) -> bool:
        """It is a source with no more to give."""
        return self.health is not None and self.health.state is ActorState.FINISHED

    @property
    def is_stopped(self) -> bool:
        """It has no process and gets none."""
        return self.node.external or self.history.state is ProcessState.STOPPED

    def listen(self) -> None:
        """Open the sockets on which strangers call the actor.

        Raises:
            ConfigError: an address is taken.
        """
        if not self.node.external:
            for host, port in self.node.listens_on():
                self._sockets.append(listen(host, port))

    def close(self) -> None:
        """Close them."""
        for each in self._sockets:
            each.close()

    def handle(self, event: Event, now_s: float) -> None:
        """Advance the state machine, and do what that asks for."""
        if self.node.external:
            return
        before = self.history.state
        if event is Event.TICK and before is ProcessState.STARTING:
            self._look_for_progress(now_s)
        if event is Event.TICK and hangs(self.history, now_s, self._limits):
            waited_s = self._wait.since_asked_s(self.fork_server.pid(self.name))
            self.history = excused(self.history, waited_s)
        self.history, actions = step(self.history, event, now_s, self._limits)
        if self.history.state is not before and self.history.state in (
            ProcessState.DUMPING,
            ProcessState.CONTAINED,
        ):
            self._log.warning(
                f"{self.name} is {self.history.state}", because=self._why(event, before)
            )
        for action in actions:
            self._do(action)

    def excuse(self, lost_s: float) -> None:
        """Nobody could watch it for so long: let no deadline pass because of that."""
        self.history = excused(self.history, lost_s)

    def beat(self, health: Health, now_s: float) -> None:
        """Take a heartbeat, if it is of the present process."""
        if not self.node.external and health.pid != self.fork_server.pid(self.name):
            return
        self.health = health
        self._wait.since_asked_s(self.fork_server.pid(self.name))
        self.handle(Event.BEAT, now_s)
        if health.state in READY_STATES:
            self.handle(Event.BECAME_READY, now_s)

    def died(self, code: int, now_s: float) -> None:
        """Its process has ended."""
        self.last_exit = describe_exit(code)
        stopping = self.history.state is ProcessState.STOPPING
        if code == EXIT_USAGE:
            reason = error_file(self._graph.runtime_dir, self.name)
            told = reason.read_text() if reason.exists() else ""
            self.usage_error = told or "see the log"
            if self.history.ever_ready:
                self._log.error(f"{self.name} cannot go on", because=self.usage_error)
        self.handle(Event.EXITED, now_s)
        if not stopping:
            self._log.warning(
                f"{self.name} ended", how=self.last_exit, then=self.history.state.value
            )

    def measure(self, now_s: float) -> None:
        """Look at its memory; past its limit it is restarted."""
        pid = self.fork_server.pid(self.name)
        if pid is None or not self._memory.is_due(resident_pages(pid), pid, now_s):
            return
        memory = memory_of(pid)
        if memory is None:
            return
        self.pss_mib = memory.pss
        limit_mib = self.node.config.memory_limit_mib
        if limit_mib is not None and memory.uss > limit_mib:
            self._log.warning(
                f"{self.name} uses more memory than it may",
                used_mib=round(memory.uss),
                limit_mib=limit_mib,
            )
            self.handle(Event.TOO_BIG, now_s)

    def status(self) -> ActorStatus:
        """What the status stream says of it."""
        return ActorStatus(
            actor=self.name,
            phase="external" if self.node.external else self.history.state.value,
            pid=self.fork_server.pid(self.name),
            restarts=max(0, self.history.starts - 1),
            pss_mib=self.pss_mib,
            last_exit=self.last_exit,
            # Checkpoints are for the actor alone, and grow with its sessions.
            health=self.health and self.health.model_copy(update={"checkpoint": {}}),
        )

    def _do(self, action: ProcessAction) -> None:
        match action:
            case ProcessAction.SPAWN:
                self._wait.begin()
                self._start_watch.begin()
                listening = [each.fileno() for each in self._sockets]
                self.fork_server.spawn(self._spec(), self.node.actor_class.preload, listening)
            case ProcessAction.TERMINATE:
                self.fork_server.signal(self.name, signal.SIGTERM)
            case ProcessAction.DUMP_STACKS:
                self.fork_server.signal(self.name, signal.SIGUSR1)
                # A stopped process hears a signal when it goes on.
                self.fork_server.signal(self.name, signal.SIGCONT)
            case ProcessAction.KILL:
                self.fork_server.signal(self.name, signal.SIGKILL)

    def _look_for_progress(self, now_s: float) -> None:
        """See whether its process works on its start; until there is one, it is not to blame."""
        pid = self.fork_server.pid(self.name)
        if pid is None:
            # The fork server imports something, for this one or for others, and is watched itself.
            self.history = excused(self.history, now_s - self.history.since_s)
        elif self._start_watch.sees_progress(pid, now_s):
            self.history, _ = step(self.history, Event.PROGRESS, now_s, self._limits)

    def _spec(self) -> ActorSpec:
        others = self._graph.nodes.items()
        absent = {name for name, node in others if node.external or self._is_contained(name)}
        if self.history.starts == 1:
            # A conversation does not wait for those who stand in: they are sent what they missed.
            absent |= self._graph.stand_ins()
        checkpoint = self.health.checkpoint if self.health else {}
        return spec_of(self._graph, self.node, absent, checkpoint, self._started_ns, self._slowness)

    def _why(self, event: Event, before: ProcessState) -> str:
        if event is Event.TOO_BIG:
            return "memory limit"
        if self.history.state is ProcessState.CONTAINED:
            return "it fails again and again"
        if before is ProcessState.STARTING:
            within_s = self._limits.startup_deadline_s
            return f"not ready within {within_s:.3g} s, and makes no progress"
        return f"no sign of life for {self._limits.heartbeat_timeout_s:.3g} s"
