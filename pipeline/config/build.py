"""Makes the graph of a config, and checks every name and every wire before anything starts."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from pipeline.bus.endpoint import default_runtime_dir, ipc_address, temporary_dir
from pipeline.config.graph import Graph, Node
from pipeline.config.load import explain, located
from pipeline.config.model import ActorConfig, PipelineConfig
from pipeline.errors import ConfigError, GreenroomError, did_you_mean
from pipeline.paths import resolved
from pipeline.port_check import check_handlers, check_published
from pipeline.ports import SUPERVISOR, StreamRef
from pipeline.registry import BUILTIN_PACKAGE, find_actor


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
        return _build(config, located(config_path), external, look_outside)
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
    """Folder of what outlives a run: under XDG_STATE_HOME, else ~/.local/state.

    Where there is no home that can be written, under the temporary folder.
    """
    base = os.environ.get("XDG_STATE_HOME", "")
    if not Path(base).is_absolute():
        base = ""  # To be ignored, says the XDG specification.
    try:
        root = Path(base) if base else Path.home() / ".local" / "state"
    except RuntimeError:  # Neither HOME nor an entry of the user in the system's list.
        root = None
    if root is None or not (base or _can_be_made(root)):
        return stand_in_state_dir() / pipeline
    return root / "greenroom" / pipeline


def stand_in_state_dir() -> Path:
    """Where the folders of state are if there is no home."""
    return temporary_dir() / f"greenroom-state-{os.getuid()}"


def _can_be_made(folder: Path) -> bool:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return os.access(there, os.W_OK | os.X_OK)
