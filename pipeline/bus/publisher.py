"""One PUB socket for all output ports of an actor."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

import zmq

from pipeline.bus.reactor import SocketReader
from pipeline.frames import Frame
from pipeline.frames.wire import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.bus.curve import CurveServer
    from pipeline.ports import Out

REPLAY_PREFIX = "@"
"""A subscription to `@<consumer>:<port>` asks for what was retained, for that consumer alone."""
RETAINED_SESSIONS = 1000
"""Whose newest frame is retained: a gateway has had more than it has at any time."""


def replay_topic(consumer: str, port: str) -> bytes:
    """Topic on which `consumer` gets the retained frames of `port`."""
    return f"{REPLAY_PREFIX}{consumer}:{port}".encode()


class Publisher:
    """Binds the endpoint, sends frames, keeps what late consumers need, and knows who listens.

    A consumer subscribes to the port and to its replay topic. On the replay topic it gets the
    retained frames and then an empty message, which also tells it that it is connected. XPUB
    hands the subscriptions up in the order they came, so nobody has to sleep for a slow joiner.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        address: str,
        ports: Mapping[str, Out],
        *,
        high_water: int,
        curve: CurveServer | None = None,
    ) -> None:
        self._ports = ports
        self._seq = dict.fromkeys(ports, 0)
        # In ms. Wall time also grows over a reboot, which listeners elsewhere may see; those on
        # this host cannot, and must hear a process that was restarted after the clock was set back.
        local = address.startswith("ipc:")
        self._boot = (time.monotonic_ns() if local else time.time_ns()) // 1_000_000
        self._retained: dict[str, deque[tuple[int, bytes]]] = {
            name: deque() for name, port in ports.items() if port.retain_s > 0
        }
        self._last: dict[str, dict[str, bytes]] = {
            name: {} for name, port in ports.items() if port.retain_last
        }
        self._listeners: dict[str, set[str]] = {name: set() for name in ports}
        self._changed = asyncio.Event()
        self._socket = context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.SNDHWM, high_water)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        if curve is not None:
            curve.protect(self._socket)
        try:
            self._socket.bind(address)
        except zmq.ZMQError:
            self._socket.close()
            raise
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._reader = SocketReader(self._socket, self._on_subscription)

    def publish(self, port: str, frame: Frame) -> None:
        """Send `frame` on `port`; never blocks."""
        now_ns = time.monotonic_ns()
        seq = self._seq[port]
        self._seq[port] = seq + 1
        payload = encode(frame, seq=seq, boot=self._boot, sent_ns=now_ns)
        if port in self._last:
            last = self._last[port]
            last[frame.session] = payload
            if len(last) > RETAINED_SESSIONS:
                # The first is the session of the config, which is always there.
                del last[next(islice(last, 1, None))]
        elif port in self._retained:
            kept = self._retained[port]
            kept.append((now_ns, payload))
            oldest_ns = now_ns - int(self._ports[port].retain_s * 1e9)
            while kept[0][0] < oldest_ns:
                kept.popleft()
        self._socket.send_multipart((port.encode(), payload), zmq.NOBLOCK)
        self._reader.kick_if_pending()

    def listeners(self, port: str) -> set[str]:
        """Names of the consumers connected to `port` now."""
        return set(self._listeners[port])

    async def wait_for(self, expected: Mapping[str, set[str]]) -> None:
        """Return once every expected consumer of every port is connected."""
        while any(not names <= self._listeners[port] for port, names in expected.items()):
            self._changed.clear()
            await self._changed.wait()

    async def wait_for_any(self, port: str) -> None:
        """Return once somebody is connected to `port`."""
        while not self._listeners[port]:
            self._changed.clear()
            await self._changed.wait()

    def close(self, linger_ms: int = 0) -> None:
        """Unbind; what is not yet sent is given `linger_ms`."""
        self._reader.close()
        self._socket.close(linger=linger_ms)

    def _on_subscription(self, message: list[bytes]) -> None:
        event = message[0]
        topic = event[1:].decode("utf-8", "replace")
        if not topic.startswith(REPLAY_PREFIX):
            return
        consumer, _, port = topic[len(REPLAY_PREFIX) :].partition(":")
        if port not in self._listeners:
            return
        if event[0] == 1:
            self._replay(topic.encode(), port)
            self._listeners[port].add(consumer)
        else:
            self._listeners[port].discard(consumer)
        self._changed.set()

    def _replay(self, topic: bytes, port: str) -> None:
        if port in self._last:
            payloads = list(self._last[port].values())
        else:
            payloads = [payload for _, payload in self._retained.get(port, ())]
        for payload in payloads:
            self._socket.send_multipart((topic, payload), zmq.NOBLOCK)
        self._socket.send_multipart((topic, b""), zmq.NOBLOCK)
        self._reader.kick_if_pending()
