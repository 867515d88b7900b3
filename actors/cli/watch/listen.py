"""Connect to every actor of a running pipeline, as any consumer would."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import zmq

from actors.cli.watch.board import Board
from pipeline.bus import Inlet, Subscriber
from pipeline.bus.context import new_context
from pipeline.bus.curve import CurveClient
from pipeline.config import SUPERVISOR
from pipeline.frames import Frame
from pipeline.ports import In


@contextmanager
def listening(board: Board, consumer: str) -> Iterator[None]:
    """Let the board take what all actors publish; needs a running event loop.

    Args:
        board: Takes the frames.
        consumer: Under which name to ask for what was retained.
    """
    context = new_context()
    subscribers: list[Subscriber] = []
    try:
        for actor, ports in _ports(board).items():
            subscribers.append(_subscribe(context, board, actor, ports, consumer))
        yield
    finally:
        for subscriber in subscribers:
            subscriber.close()
        context.destroy(linger=0)


def _ports(board: Board) -> dict[str, list[str]]:
    """Return the ports to listen to, by actor: a simulator publishes nothing, and is left out."""
    ports: dict[str, list[str]] = {}
    for stream in board.streams:
        ports.setdefault(stream.actor, []).append(stream.port)
    return {actor: ports[actor] for actor in board.description.endpoints if actor in ports}


def _subscribe(
    context: zmq.Context[zmq.Socket[bytes]],
    board: Board,
    actor: str,
    ports: list[str],
    consumer: str,
) -> Subscriber:
    # What the supervisor retains is how it came to be; what the others do is old.
    replay = actor == SUPERVISOR
    endpoint = board.description.endpoints[actor]
    inlets = {port: Inlet(port, In((Frame,), replay=replay)) for port in ports}
    keys_dir = board.description.keys_dir
    return Subscriber(
        context,
        endpoint.address,
        inlets,
        _deliver(board, actor),
        consumer=consumer,
        counters=Counter(),
        on_garbage=lambda _port, _problem: None,
        curve=CurveClient.to(
            endpoint.address, Path(keys_dir) if keys_dir else None, endpoint.public_key
        ),
    )


def _deliver(board: Board, actor: str) -> Callable[[str, Frame], None]:
    def deliver(port: str, frame: Frame) -> None:
        board.on_frame(actor, port, frame, time.monotonic_ns())

    return deliver
