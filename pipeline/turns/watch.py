"""Subscriptions of the supervisor: everything that moves a turn or the route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import zmq

from pipeline.bus import Inlet, Subscriber
from pipeline.bus.curve import CurveClient
from pipeline.config.graph import SUPERVISOR
from pipeline.frames import (
    Allowance,
    AnswerEnded,
    BackendStatus,
    Fault,
    Frame,
    Health,
    Playback,
    SessionEnded,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    Spending,
    ToolCall,
    ToolResult,
    Transcript,
    UserText,
)
from pipeline.hosting.garbage_log import GarbageLog
from pipeline.logs import get_logger
from pipeline.ports import In

if TYPE_CHECKING:
    from pipeline.config.graph import Graph

WATCHED_TYPES = (
    Health,
    SessionOpened,
    SessionEnded,
    SpeechStarted,
    SpeechEnded,
    UserText,
    Transcript,
    Playback,
    AnswerEnded,
    BackendStatus,
    Fault,
    ToolCall,
    ToolResult,
    Allowance,
    Spending,
)


def watched_ports(graph: Graph, actor: str) -> list[str]:
    """Output ports of an actor that carry what the supervisor needs: its health among it."""
    return [
        port
        for port, out in graph.outputs(actor).items()
        if any(issubclass(t, WATCHED_TYPES) for t in out.types)
    ]


def subscribe(
    graph: Graph,
    context: zmq.Context[zmq.Socket[bytes]],
    on_health: Callable[[str, Health], None],
    on_frame: Callable[[str, Frame], None],
) -> list[Subscriber]:
    """Connect to every actor; the callbacks get the actor's name and the frame."""
    log = get_logger(SUPERVISOR)
    keys_dir = graph.config.security.keys_dir

    def receiver(actor: str) -> Callable[[str, Frame], None]:
        def receive(_port: str, frame: Frame) -> None:
            if isinstance(frame, Health):
                on_health(actor, frame)
            else:
                on_frame(actor, frame)

        return receive

    subscribers = []
    for name, node in graph.nodes.items():
        counters: Counter[str] = Counter()
        outputs = graph.outputs(name)
        inlets = {
            port: Inlet(port, In(outputs[port].types, replay=True))
            for port in watched_ports(graph, name)
        }
        subscribers.append(
            Subscriber(
                context,
                node.address,
                inlets,
                receiver(name),
                consumer=SUPERVISOR,
                counters=counters,
                on_garbage=GarbageLog(log.bind(producer=name), counters).add,
                answers_replay=not node.external,
                curve=CurveClient.to(node.address, keys_dir, node.config.public_key),
            )
        )
    return subscribers
