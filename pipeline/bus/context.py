"""The ZeroMQ context of a process."""

from __future__ import annotations

import contextlib

import zmq

ZERO_COPY_RECV = 10
"""zmq.h; pyzmq has no name for it, because libzmq calls it a draft."""


def new_context() -> zmq.Context[zmq.Socket[bytes]]:
    """Return a context in which each message that waits takes the memory of its own bytes.

    As libzmq comes, a message refers to the buffer of 18 KB that it was read into, and keeps it
    while it waits: with a block of 800 bytes for each reading, of a hundred sessions and for a
    quarter of a second, that is 22 MB, which the heap of its thread never gives back.
    """
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    # Another libzmq may not know it, and only takes more memory.
    with contextlib.suppress(zmq.ZMQError):
        context.set(ZERO_COPY_RECV, 0)
    return context
