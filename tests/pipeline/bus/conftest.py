from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[tuple[zmq.Socket[bytes], zmq.Socket[bytes]]]:
    """One that sends and one that receives."""
    yield from _pair(f"ipc://{tmp_path}/s")


@pytest.fixture
def near_sockets() -> Iterator[tuple[zmq.Socket[bytes], zmq.Socket[bytes]]]:
    """The same within a process: what was sent is there at once."""
    yield from _pair("inproc://s")


def _pair(address: str) -> Iterator[tuple[zmq.Socket[bytes], zmq.Socket[bytes]]]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    sender.setsockopt(zmq.SNDHWM, 0)
    sender.bind(address)
    receiver.connect(address)
    yield sender, receiver
    context.destroy(linger=0)
