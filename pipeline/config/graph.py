"""The wiring of a pipeline, checked before anything starts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

from pipeline.actor import Actor, Options
from pipeline.bus.endpoint import ipc_address
from pipeline.config.model import ActorConfig, PipelineConfig
from pipeline.frames import Playback, Route, Status, TurnClosed
from pipeline.ports import IMPLICIT_OUTPUTS, SESSIONS, SUPERVISOR, Out, StreamRef
from pipeline.sessions import PlaybackScope

__all__ = ["SUPERVISOR", "SUPERVISOR_PORTS", "Graph", "Node"]

SUPERVISOR_PORTS = {
    "sessions": SESSIONS,
    "route": Out((Route,), retain_last=True),
    "status": Out((Status,), retain_last=True),
    "turns": Out((TurnClosed,), retain_s=60),
}
"""What the supervisor publishes, like any actor."""


@dataclass(frozen=True)
class Node:
    """One actor of the graph."""

    name: str
    config: ActorConfig
    actor_class: type[Actor[Options]]
    address: str
    external: bool
    wires: tuple[tuple[str, StreamRef], ...]
    """Input port and stream."""

    @property
    def drains(self) -> bool:
        """Whether it finishes what is under way before it stops."""
        return self.actor_class.drain is not Actor.drain

    def reports_callers(self) -> bool:
        """Whether what it reports as heard is of every session; see `Actor.reports_callers`."""
        return self.actor_class.reports_callers(self._options())

    def listens_on(self) -> Sequence[tuple[str, int]]:
        """Hosts and ports on which strangers call it; see `Actor.listens_on`."""
        return self.actor_class.listens_on(self._options())

    def _options(self) -> Options:
        return self.actor_class.options_type.model_validate(self.config.options)


@dataclass(frozen=True)
class Graph:
    """A pipeline that can be started."""

    config: PipelineConfig
    path: Path
    runtime_dir: Path
    state_dir: Path
    nodes: dict[str, Node] = field(default_factory=dict)

    @property
    def config_dir(self) -> Path:
        """Folder of the config file."""
        return self.path.parent

    def consumers(self, producer: str) -> dict[str, list[str]]:
        """For each output port of `producer`, the actors listening to it."""
        found: dict[str, list[str]] = defaultdict(list)
        for node in self.nodes.values():
            for _, ref in node.wires:
                if ref.actor == producer and node.name not in found[ref.port]:
                    found[ref.port].append(node.name)
        return dict(found)

    def later(self, actor: str) -> set[str]:
        """Actors that start only when `actor` is ready, because of `after`."""
        found: set[str] = set()
        waiting = [actor]
        while waiting:
            current = waiting.pop()
            following = {n.name for n in self.nodes.values() if current in n.config.after}
            waiting += following - found
            found |= following
        return found

    def stand_ins(self) -> set[str]:
        """Backends that answer when the first one cannot."""
        return set(self.config.route.backends[1:])

    def start_order(self) -> list[str]:
        """Actors in the order of the config, each behind those it starts after."""
        after = {node.name: node.config.after for node in self.nodes.values()}
        return list(TopologicalSorter(after).static_order())

    def playback_scope(self) -> PlaybackScope:
        """Of which sessions an actor reports what was heard of the answers."""
        players = [
            node
            for node in self.nodes.values()
            if any(Playback in out.types for out in node.actor_class.outputs.values())
        ]
        if not players:
            return PlaybackScope.NONE
        return (
            PlaybackScope.ALL
            if any(node.reports_callers() for node in players)
            else PlaybackScope.OWN
        )

    def outputs(self, actor: str) -> dict[str, Out]:
        """Output ports of an actor or of the supervisor."""
        if actor == SUPERVISOR:
            return dict(SUPERVISOR_PORTS)
        return {**self.nodes[actor].actor_class.outputs, **IMPLICIT_OUTPUTS}

    def address(self, actor: str) -> str:
        """Endpoint of an actor or of the supervisor."""
        if actor == SUPERVISOR:
            return ipc_address(self.runtime_dir, SUPERVISOR)
        return self.nodes[actor].address
