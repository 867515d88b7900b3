"""What waits to be read takes the memory of its bytes."""

from pathlib import Path

import psutil
import zmq

import actors
import pipeline
from pipeline.bus.blocking_subscriber import BlockingSubscriber
from pipeline.bus.context import ZERO_COPY_RECV, new_context
from pipeline.bus.endpoint import ipc_address

MESSAGES, BYTES = 3000, 800
"""What a hundred sessions of 20 ms blocks send in 0.6 s."""


def test_messages_that_wait_take_little_more_than_their_bytes(tmp_path: Path) -> None:
    context = new_context()
    try:
        sender, listener = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
        echo, answer = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
        for socket in (sender, listener):
            socket.set_hwm(0)
        sender.bind(ipc_address(tmp_path, "blocks"))
        listener.connect(ipc_address(tmp_path, "blocks"))
        echo.bind(ipc_address(tmp_path, "echo"))
        answer.connect(ipc_address(tmp_path, "echo"))
        before = psutil.Process().memory_info().rss
        for _ in range(MESSAGES):
            sender.send(bytes(BYTES))
            # A whole way of another message on the same thread: the block has been read by then.
            answer.send(b"")
            echo.recv()
        waiting = psutil.Process().memory_info().rss - before
        assert waiting < 3 * MESSAGES * BYTES
        assert len([listener.recv() for _ in range(MESSAGES)]) == MESSAGES
    finally:
        context.destroy(linger=0)


def test_a_subscriber_without_a_loop_keeps_no_more_than_their_bytes_either() -> None:
    with BlockingSubscriber("watcher") as subscriber:
        assert subscriber._context.get(ZERO_COPY_RECV) == 0


def test_every_context_is_such_a_one() -> None:
    made = [
        path.name
        for package in (actors, pipeline)
        for path in Path(package.__path__[0]).rglob("*.py")
        if "zmq.Context()" in path.read_text()
    ]
    assert made == ["context.py"]
