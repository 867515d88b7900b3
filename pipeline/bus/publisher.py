"""One PUB socket for all output ports of an actor."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextvars import Context
from typing import TYPE_CHECKING

import zmq

from pipeline.bus.reactor import SocketReader, send
from pipeline.bus.replay import REPLAY_PREFIX, Replays, parse_topic
from pipeline.bus.retention import NewestFrames, RecentFrames, Retention
from pipeline.bus.rush import Rush
from pipeline.frames import Frame
from pipeline.frames.wire import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.bus.curve import CurveServer
    from pipeline.ports import Out

SUBSCRIBED = 1
"""First byte of a subscription; 0 is its end."""


class Publisher:
    """Binds the endpoint, sends frames, keeps what late consumers need, and knows who listens.

    A consumer subscribes to the port and to its replay topic. On the replay topic it gets the
    retained frames (see `replay`) and then an empty message, which also tells it that it is
    connected. XPUB hands the subscriptions up in the order they came, so nobody has to sleep for
    a slow joiner.

    To look for a subscription before and after each frame takes as long as to send it. Of a hundred
    callers many frames are sent in one turn of the loop: then it is done once in each.
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
        self._seq = dict.fromkeys(ports, 0)
        # In ms. Wall time also grows over a reboot, which listeners elsewhere may see; those on
        # this host cannot, and must hear a process that was restarted after the clock was set back.
        local = address.startswith("ipc:")
        self._boot = (time.monotonic_ns() if local else time.time_ns()) // 1_000_000
        self._retained: dict[str, Retention] = {}
        for name, out in ports.items():
            if out.retain_last:
                self._retained[name] = NewestFrames()
            elif out.retain_s > 0:
                self._retained[name] = RecentFrames(out.retain_s, self._boot, out.retain_closed_s)
        self._listeners: dict[str, Counter[str]] = {name: Counter() for name in ports}
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
        self._replays = Replays(self._boot, high_water, self._send, self._reader.kick_if_pending)
        self._loop = asyncio.get_running_loop()
        self._rush = Rush(time.monotonic)
        self._looks_later = False
        """In this turn of the loop it was looked for a subscription; it will be at its end."""

    def publish(self, port: str, frame: Frame) -> None:
        """Send `frame` on `port`; never blocks."""
        retained = self._retained.get(port)
        now_ns = time.monotonic_ns()
        self._rush.note()
        if retained is not None and not self._looks_later:
            # Who has subscribed by now gets what is retained before this frame, even if it does
            # not expect a replay.
            self._reader.read_if_pending()
        seq = self._seq[port]
        self._seq[port] = seq + 1
        payload = encode(frame, seq=seq, boot=self._boot, sent_ns=now_ns)
        self._send(port.encode(), payload)
        if retained is not None:
            # While it is under way.
            retained.keep(seq, now_ns, frame, payload)
        if not self._rush.is_on:
            self._reader.kick_if_pending()
        elif not self._looks_later:
            self._looks_later = True
            self._loop.call_soon(self._look, context=Context())

    def bind_again(self) -> None:
        """Have an endpoint whose socket file was removed; who is connected stays connected.

        Raises:
            zmq.ZMQError: it cannot be had.
        """
        self._socket.bind(self.address)

    def counts(self) -> dict[str, int]:
        """Return how many frames each port has given."""
        return dict(self._seq)

    def forget(self, session: str) -> None:
        """Drop the retained frames of a session that has ended."""
        for retained in self._retained.values():
            retained.forget(session)

    def close_turn(self, session: str, turn: str) -> None:
        """Take word that a turn has its outcome: what was sent of it is wanted no longer."""
        now_ns = time.monotonic_ns()
        for retained in self._retained.values():
            retained.close(session, turn, now_ns)

    def listeners(self, port: str) -> set[str]:
        """Names of the consumers connected to `port` now."""
        return set(self._listeners[port])

    async def wait_for(self, expected: Mapping[str, set[str]]) -> None:
        """Return once every expected consumer of every port is connected."""
        while any(not names <= self._listeners[port].keys() for port, names in expected.items()):
            self._changed.clear()
            await self._changed.wait()

    async def wait_for_any(self, port: str) -> None:
        """Return once somebody is connected to `port`."""
        while not self._listeners[port]:
            self._changed.clear()
            await self._changed.wait()

    def close(self, linger_ms: int = 0) -> None:
        """Unbind; what is not yet sent is given `linger_ms`."""
        self._replays.close()
        self._reader.close()
        self._socket.close(linger=linger_ms)

    def _on_subscription(self, message: list[bytes]) -> None:
        event = message[0]
        topic = event[1:].decode("utf-8", "replace")
        if not topic.startswith(REPLAY_PREFIX):
            return
        consumer, port, asked = parse_topic(topic)
        if port not in self._listeners:
            return
        if asked:
            if event[0] == SUBSCRIBED:
                self._replays.ask(consumer, port, asked)
            return
        if event[0] == SUBSCRIBED:
            retained = self._retained.get(port)
            payloads = retained.frames() if retained else []
            self._replays.start(consumer, port, payloads, self._seq[port])
            self._listeners[port][consumer] += 1
        else:
            # The last words of a process that was killed may come after its successor's first.
            self._listeners[port][consumer] -= 1
            if self._listeners[port][consumer] <= 0:
                del self._listeners[port][consumer]
                self._replays.drop(consumer, port)
        self._changed.set()

    def _look(self) -> None:
        self._looks_later = False
        self._reader.kick_if_pending()

    def _send(self, topic: bytes, payload: bytes) -> None:
        send(self._socket, topic, payload)
