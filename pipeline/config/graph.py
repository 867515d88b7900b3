"""The wiring of a pipeline, checked before anything starts."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

from pydantic import ValidationError

from pipeline.actor import Actor, Options
from pipeline.bus.endpoint import default_runtime_dir, ipc_address
from pipeline.config.load import explain
from pipeline.config.model import ActorConfig, PipelineConfig
from pipeline.errors import ConfigError, GreenroomError, did_you_mean
from pipeline.frames import Playback, Route, Status, TurnClosed
from pipeline.paths import resolved
from pipeline.port_check import check_handlers, check_published
from pipeline.ports import HEALTH, SESSIONS, SUPERVISOR, Out, StreamRef
from pipeline.registry import BUILTIN_PACKAGE, find_actor
from pipeline.sessions import PlaybackScope

__all__ = ["HEALTH", "SUPERVISOR", "SUPERVISOR_PORTS", "Graph", "Node", "build_graph"]

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

    def reports_callers(self) -> bool:
        """Whether what it reports as heard is of every session; see `Actor.reports_callers`."""
        options = self.actor_class.options_type.model_validate(self.config.options)
        return self.actor_class.reports_callers(options)


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
        return {**self.nodes[actor].actor_class.outputs, "health": HEALTH, "sessions": SESSIONS}

    def address(self, actor: str) -> str:
        """Endpoint of an actor or of the supervisor."""
        if actor == SUPERVISOR:
            return ipc_address(self.runtime_dir, SUPERVISOR)
        return self.nodes[actor].address


def build_graph(
    config: PipelineConfig,
    config_path: Path,
    external: Collection[str] = (),
    *,
    look_outside: bool = True,
) -> Graph:
    """Resolve every name and check every wire.

    Args:
        config: The config.
        config_path: Its file.
        external: Actors that somebody else runs.
        look_outside: Let the actors look for their files and devices too.

    Raises:
        ConfigError: the first thing that cannot work, with file, path and the nearest valid name.
    """
    try:
        return _build(config, config_path.resolve(), external, look_outside)
    except ConfigError as error:
        raise ConfigError(f"{config_path}: {error}") from error


def _build(
    config: PipelineConfig, path: Path, external: Collection[str], look_outside: bool
) -> Graph:
    runtime_dir = (config.runtime_dir or default_runtime_dir(config.name)).absolute()
    state_dir = (config.state_dir or default_state_dir(config.name)).absolute()
    for name in external:
        if name not in config.actors:
            raise ConfigError(f"--external {name}: {did_you_mean(name, config.actors)}")
    if SUPERVISOR in config.actors:
        raise ConfigError(f"actors.{SUPERVISOR}: this name belongs to the supervisor itself")
    graph = Graph(config, path, runtime_dir, state_dir)
    for name, actor in config.actors.items():
        graph.nodes[name] = _node(name, actor, graph, name in external, look_outside)
    for node in graph.nodes.values():
        _check_wires(graph, node)
        _check_after(config, node)
    for index, backend in enumerate(config.route.backends):
        if backend not in config.actors:
            hint = did_you_mean(backend, config.actors)
            raise ConfigError(f"route.backends.{index}: no actor {backend!r}; {hint}")
    return graph


def _node(name: str, config: ActorConfig, graph: Graph, external: bool, look_outside: bool) -> Node:
    path = f"actors.{name}"
    try:
        actor_class = find_actor(config.use, graph.config_dir)
        check_handlers(actor_class)
        if not actor_class.__module__.startswith(BUILTIN_PACKAGE + "."):
            # It takes some ms a class; a test has looked at those that come with greenroom.
            check_published(actor_class)
    except ConfigError as error:
        raise ConfigError(f"{path}.use: {error}") from error
    given = resolved(config.options, actor_class.options_type, graph.config_dir)
    config = config.model_copy(update={"options": given})
    try:
        options = actor_class.options_type.model_validate(given)
        if look_outside and not external:
            actor_class.check(options, graph.config_dir)
    except ValidationError as error:
        raise ConfigError(explain(error, actor_class.options_type, f"{path}.options")) from error
    except GreenroomError as error:
        raise ConfigError(f"{path}.options: {error}") from error
    if config.bind and not graph.config.security.keys_dir:
        raise ConfigError(f"{path}.bind: a tcp endpoint needs security.keys_dir")
    wires: list[tuple[str, StreamRef]] = []
    for port, streams in config.inputs.items():
        if port not in actor_class.inputs:
            hint = did_you_mean(port, actor_class.inputs)
            raise ConfigError(f"{path}.inputs.{port}: {name} has no such input port; {hint}")
        for text in [streams] if isinstance(streams, str) else streams:
            try:
                wires.append((port, StreamRef.parse(text)))
            except ValueError as error:
                raise ConfigError(f"{path}.inputs.{port}: {error}") from error
    address = config.bind or ipc_address(graph.runtime_dir, name)
    return Node(name, config, actor_class, address, external, tuple(wires))


def _check_wires(graph: Graph, node: Node) -> None:
    connected = {port for port, _ in node.wires}
    for port, spec in node.actor_class.inputs.items():
        if spec.required and port not in connected:
            raise ConfigError(
                f"actors.{node.name}.inputs: port {port!r} is not connected; it takes "
                f"{' or '.join(t.type_name for t in spec.types)}, for example from "
                f"{_offer(graph, spec.types) or 'no actor of this config'}"
            )
    taken_by: dict[StreamRef, str] = {}
    for port, ref in node.wires:
        path = f"actors.{node.name}.inputs.{port}"
        if ref in taken_by:
            raise ConfigError(f"{path}: {ref} already goes into port {taken_by[ref]!r}")
        taken_by[ref] = port
        if ref.actor != SUPERVISOR and ref.actor not in graph.nodes:
            hint = did_you_mean(ref.actor, [*graph.nodes, SUPERVISOR])
            raise ConfigError(f"{path}: there is no actor {ref.actor!r}; {hint}")
        outputs = graph.outputs(ref.actor)
        if ref.port not in outputs:
            hint = did_you_mean(ref.port, outputs)
            raise ConfigError(f"{path}: {ref.actor} has no output port {ref.port!r}; {hint}")
        taken = node.actor_class.inputs[port].types
        wrong = [t.type_name for t in outputs[ref.port].types if not issubclass(t, taken)]
        if wrong:
            wanted = " or ".join(t.type_name for t in taken)
            raise ConfigError(f"{path}: {ref} carries {' and '.join(wrong)}, it takes {wanted}")


def _offer(graph: Graph, types: tuple[type, ...]) -> str:
    for name in graph.nodes:
        for port, out in graph.outputs(name).items():
            if all(issubclass(t, types) for t in out.types):
                return f"{name}.{port}"
    return ""


def _check_after(config: PipelineConfig, node: Node) -> None:
    for index, other in enumerate(node.config.after):
        path = f"actors.{node.name}.after.{index}"
        if other not in config.actors:
            raise ConfigError(f"{path}: no actor {other!r}; {did_you_mean(other, config.actors)}")
        waiting, seen = [other], set()
        while waiting:
            current = waiting.pop()
            if current == node.name:
                raise ConfigError(f"{path}: {node.name} would wait for itself")
            if current not in seen:
                seen.add(current)
                waiting += [n for n in config.actors[current].after if n in config.actors]


def default_state_dir(pipeline: str) -> Path:
    """Folder of what outlives a run: under XDG_STATE_HOME, else ~/.local/state."""
    base = os.environ.get("XDG_STATE_HOME")
    root = Path(base) if base else Path.home() / ".local" / "state"
    return root / "greenroom" / pipeline
