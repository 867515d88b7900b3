"""What an actor's process is told: its options, and who is connected to what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.config.graph import SUPERVISOR
from pipeline.hosting.heartbeat import idle_interval_s
from pipeline.hosting.spec import ActorSpec, InputConnection
from pipeline.launch.slowness import USUAL, Slowness
from pipeline.turns.watch import watched_ports

if TYPE_CHECKING:
    from pipeline.config.graph import Graph, Node


def spec_of(
    graph: Graph,
    node: Node,
    absent: set[str],
    checkpoint: dict[str, Any],
    started_ns: int,
    slowness: Slowness = USUAL,
) -> ActorSpec:
    """Return what the next process of an actor is started with.

    Args:
        graph: The pipeline.
        node: The actor.
        absent: Actors it is not to wait for; those that start later are never waited for.
        checkpoint: What the process before it left.
        started_ns: When the pipeline was started, monotonic.
        slowness: Of this machine.
    """
    config, supervision = graph.config, graph.config.supervision
    missing = absent | graph.later(node.name)
    consumers = graph.consumers(node.name)
    expected = {
        port: [name for name in names if name not in missing] for port, names in consumers.items()
    }
    for port in watched_ports(graph, node.name):
        expected.setdefault(port, []).append(SUPERVISOR)
    return ActorSpec(
        name=node.name,
        use=node.config.use,
        options=node.config.options,
        address=node.address,
        connections=_connections(graph, node, missing),
        expected=expected,
        unheard=frozenset(node.actor_class.outputs) - frozenset(consumers),
        session=config.session,
        language=config.language,
        runtime_dir=graph.runtime_dir,
        config_dir=graph.config_dir,
        state_dir=graph.state_dir,
        started_ns=started_ns,
        callers_only=config.sessions.callers_only,
        checkpoint=checkpoint,
        keys_dir=config.security.keys_dir,
        log_level=config.log_level,
        priority=node.config.priority or node.actor_class.priority,
        heartbeat_s=supervision.heartbeat_s,
        idle_heartbeat_s=idle_interval_s(
            supervision.heartbeat_s,
            node.config.heartbeat_timeout_s or supervision.heartbeat_timeout_s,
        ),
        stop_deadline_s=supervision.stop_deadline_s,
        slowness=slowness.start,
        model_slowness=slowness.models,
    )


def _connections(graph: Graph, node: Node, missing: set[str]) -> list[InputConnection]:
    connections = []
    for port, ref in node.wires:
        producer = None if ref.actor == SUPERVISOR else graph.nodes[ref.actor]
        connections.append(
            InputConnection(
                input_port=port,
                producer=ref.actor,
                producer_port=ref.port,
                address=graph.address(ref.actor),
                answers_replay=producer is None or not producer.external,
                awaited=ref.actor not in missing,
                public_key=None if producer is None else producer.config.public_key,
            )
        )
    return connections
