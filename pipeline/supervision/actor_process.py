"""Actor process: its state, its restarts, and why the last process ended."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

from pipeline.config.graph import SUPERVISOR
from pipeline.frames import ActorState, ActorStatus, Health
from pipeline.hosting.heartbeat import idle_interval_s
from pipeline.hosting.spec import ActorSpec, InputConnection
from pipeline.launch.actor_main import EXIT_USAGE, error_file
from pipeline.launch.listening import listen
from pipeline.logs import get_logger
from pipeline.supervision.lifecycle import (
    Deadlines,
    Event,
    ProcessAction,
    ProcessHistory,
    ProcessState,
    excused,
    step,
)
from pipeline.supervision.memory import memory_of
from pipeline.turns.watch import watched_ports

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.config.graph import Graph, Node
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
        )
        self._log = get_logger(SUPERVISOR)
        self._sockets: list[socket.socket] = []

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
        self.handle(Event.BEAT, now_s)
        if health.state in READY_STATES:
            self.handle(Event.BECAME_READY, now_s)

    def died(self, code: int, now_s: float) -> None:
        """Its process has ended."""
        self.last_exit = describe_exit(code)
        stopping = self.history.state is ProcessState.STOPPING
        if code == EXIT_USAGE:
            reason = error_file(self._graph.runtime_dir, self.name)
            self.usage_error = reason.read_text() if reason.exists() else "see the log"
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
        if pid is None:
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

    def _why(self, event: Event, before: ProcessState) -> str:
        if event is Event.TOO_BIG:
            return "memory limit"
        if self.history.state is ProcessState.CONTAINED:
            return "it fails again and again"
        if before is ProcessState.STARTING:
            return f"not ready within {self._limits.startup_deadline_s:g} s"
        return f"no sign of life for {self._limits.heartbeat_timeout_s:g} s"

    def _spec(self) -> ActorSpec:
        graph, config = self._graph, self._graph.config
        absent = graph.later(self.name)
        absent |= {n for n, other in graph.nodes.items() if other.external or self._is_contained(n)}
        if self.history.starts == 1:
            # A conversation does not wait for those who stand in: they are sent what they missed.
            absent |= graph.stand_ins()
        consumers = graph.consumers(self.name)
        expected = {
            port: [name for name in names if name not in absent]
            for port, names in consumers.items()
        }
        for port in watched_ports(graph, self.name):
            expected.setdefault(port, []).append(SUPERVISOR)
        connections = [
            InputConnection(
                input_port=port,
                producer=ref.actor,
                producer_port=ref.port,
                address=graph.address(ref.actor),
                answers_replay=ref.actor == SUPERVISOR or not graph.nodes[ref.actor].external,
                awaited=ref.actor not in absent,
                public_key=None
                if ref.actor == SUPERVISOR
                else graph.nodes[ref.actor].config.public_key,
            )
            for port, ref in self.node.wires
        ]
        return ActorSpec(
            name=self.name,
            use=self.node.config.use,
            options=self.node.config.options,
            address=self.node.address,
            connections=connections,
            expected=expected,
            unheard=frozenset(self.node.actor_class.outputs) - frozenset(consumers),
            session=config.session,
            runtime_dir=graph.runtime_dir,
            config_dir=graph.config_dir,
            state_dir=graph.state_dir,
            started_ns=self._started_ns,
            checkpoint=self.health.checkpoint if self.health else {},
            keys_dir=config.security.keys_dir,
            log_level=config.log_level,
            heartbeat_s=config.supervision.heartbeat_s,
            idle_heartbeat_s=idle_interval_s(
                config.supervision.heartbeat_s, self._limits.heartbeat_timeout_s
            ),
        )


def describe_exit(code: int) -> str:
    """Return how a process ended, in words."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
