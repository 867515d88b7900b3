"""One SUB socket for each producer an actor listens to."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import zmq

from pipeline.bus.publisher import REPLAY_PREFIX, replay_topic
from pipeline.bus.reactor import SocketReader
from pipeline.errors import WireError
from pipeline.frames.wire import MAX_FRAME_BYTES, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.bus.curve import CurveClient
    from pipeline.frames import Frame
    from pipeline.ports import In

RECONNECT_MS = 10
"""A restarted producer is heard again after 28-38 ms instead of 112-199 with the default of 100."""
RECEIVE_HIGH_WATER = 5000
"""Frames that may wait in this process: a second of 100 sessions."""


@dataclass
class Inlet:
    """One stream on its way into one input port, and what became of its frames."""

    port: str
    spec: In
    connected: bool = False
    greeted: bool = False
    """A producer has answered of which no frame has come yet."""
    boot: int = 0
    next_seq: int = 0
    replayed: bool = False
    attended: bool = False
    held: list[Frame] = field(default_factory=list)
    newest: dict[str, Frame] = field(default_factory=dict)


class Subscriber:
    """Connects to a producer and hands on its frames, less the stale, the doubled and the broken.

    Everything dropped is counted by input port: `expired` by age, `superseded` by a newer frame,
    `duplicate`, `lost` before it came (gaps in `seq`), `garbage` that is no frame of this schema.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        address: str,
        inlets: Mapping[str, Inlet],
        deliver: Callable[[str, Frame], None],
        *,
        consumer: str,
        counters: Counter[str],
        on_garbage: Callable[[str, str], None],
        greets: bool = True,
        curve: CurveClient | None = None,
    ) -> None:
        """Connect and subscribe.

        Args:
            context: Where the socket belongs.
            address: The producer's endpoint.
            inlets: By the producer's port.
            deliver: Called with the input port and the frame.
            consumer: Name of this actor.
            counters: Where drops are counted.
            on_garbage: Called with the stream's port and what was wrong.
            greets: The producer answers a replay subscription; a foreign program does not.
            curve: Keys for a tcp endpoint.
        """
        self._inlets = inlets
        self._deliver = deliver
        self._counters = counters
        self._on_garbage = on_garbage
        self._greets = greets
        self._local = address.startswith("ipc:")
        self._clock_offset_ns: int | None = None
        self._connected = asyncio.Event()
        self._socket = context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        self._socket.setsockopt(zmq.RCVHWM, RECEIVE_HIGH_WATER)
        if curve is not None:
            curve.protect(self._socket)
        for port, inlet in inlets.items():
            inlet.connected = not greets
            self._socket.setsockopt(zmq.SUBSCRIBE, port.encode())
            self._socket.setsockopt(zmq.SUBSCRIBE, replay_topic(consumer, port))
        if not greets:
            self._connected.set()
        self._socket.connect(address)
        together_s = min(inlet.spec.together_ms for inlet in inlets.values()) / 1000
        self._reader = SocketReader(
            self._socket, self._on_message, self._flush_newest, busy_interval_s=together_s
        )
        self._set_pace()

    async def connected(self) -> None:
        """Return once the producer has answered for every port."""
        await self._connected.wait()

    def attend(self, port: str, *, attended: bool) -> None:
        """Read an input port as its frames come, or let them wait for `relaxed_ms`."""
        for inlet in self._inlets.values():
            if inlet.port == port:
                inlet.attended = attended
                self._set_pace()

    def close(self) -> None:
        """Disconnect."""
        self._reader.close()
        self._socket.close(linger=0)

    def _set_pace(self) -> None:
        patience = (0.0 if i.attended else i.spec.relaxed_ms for i in self._inlets.values())
        self._reader.pace(min(patience) / 1000 if self._connected.is_set() else 0.0)

    def _on_message(self, message: list[bytes]) -> None:
        if len(message) != 2:
            self._garbage("", f"{len(message)} parts instead of 2")
            return
        topic = message[0].decode("utf-8", "replace")
        replayed = topic.startswith(REPLAY_PREFIX)
        port = topic.partition(":")[2] if replayed else topic
        inlet = self._inlets.get(port)
        if inlet is None:
            return  # Subscriptions match by prefix; this is another port of the producer.
        if replayed and not message[1]:
            self._on_greeting(inlet)
            return
        if len(message[1]) > MAX_FRAME_BYTES:
            # Not left to MAXMSGSIZE: after a frame above it libzmq never connects again.
            self._garbage(inlet.port, f"{len(message[1])} bytes, more than {MAX_FRAME_BYTES}")
            return
        try:
            frame = decode(message[1])
        except WireError as error:
            self._garbage(inlet.port, str(error))
            return
        if not isinstance(frame, inlet.spec.types):
            self._garbage(inlet.port, f"a {frame.type_name} does not belong on {port}")
            return
        if replayed:
            if inlet.spec.replay:
                inlet.replayed = True
                self._accept(inlet, frame)
        elif inlet.spec.replay and self._precedes_replay(inlet, frame):
            inlet.held.append(frame)
        elif self._expired(inlet, frame):
            self._counters[f"{inlet.port}.expired"] += 1
            self._note_seq(inlet, frame)
        else:
            self._accept(inlet, frame)

    def _precedes_replay(self, inlet: Inlet, frame: Frame) -> bool:
        """Return whether what was retained is still to come, also from a restarted producer."""
        if inlet.connected and self._greets and frame.boot > inlet.boot:
            inlet.connected = inlet.greeted
            inlet.greeted = False
        return not inlet.connected

    def _on_greeting(self, inlet: Inlet) -> None:
        inlet.connected = True
        inlet.greeted = not (inlet.replayed or inlet.held)
        inlet.replayed = False
        held, inlet.held = inlet.held, []
        for frame in held:
            self._accept(inlet, frame)
        if all(each.connected for each in self._inlets.values()):
            self._connected.set()
            self._set_pace()

    def _expired(self, inlet: Inlet, frame: Frame) -> bool:
        if inlet.spec.max_age_ms is None:
            return False
        now_ns = time.monotonic_ns()
        if not self._local:
            # Monotonic clocks of two hosts differ by a constant; the fastest frame shows it.
            offset_ns = now_ns - frame.sent_ns
            if self._clock_offset_ns is None or offset_ns < self._clock_offset_ns:
                self._clock_offset_ns = offset_ns
            now_ns -= self._clock_offset_ns
        return now_ns - frame.origin_ns > inlet.spec.max_age_ms * 1e6

    def _note_seq(self, inlet: Inlet, frame: Frame) -> bool:
        """Return whether the frame is new; a boot of 0 marks a producer that does not count."""
        if frame.boot == 0:
            return True
        if frame.boot < inlet.boot or (frame.boot == inlet.boot and frame.seq < inlet.next_seq):
            self._counters[f"{inlet.port}.duplicate"] += 1
            return False
        if frame.boot == inlet.boot and frame.seq > inlet.next_seq:
            self._counters[f"{inlet.port}.lost"] += frame.seq - inlet.next_seq
        inlet.boot = frame.boot
        inlet.next_seq = frame.seq + 1
        return True

    def _accept(self, inlet: Inlet, frame: Frame) -> None:
        if not self._note_seq(inlet, frame):
            return
        if not inlet.spec.newest:
            self._deliver(inlet.port, frame)
            return
        if frame.session in inlet.newest:
            self._counters[f"{inlet.port}.superseded"] += 1
        inlet.newest[frame.session] = frame

    def _flush_newest(self) -> None:
        for inlet in self._inlets.values():
            if inlet.newest:
                waiting, inlet.newest = inlet.newest, {}
                for frame in waiting.values():
                    self._deliver(inlet.port, frame)

    def _garbage(self, port: str, problem: str) -> None:
        self._counters["garbage"] += 1
        self._on_garbage(port, problem)
