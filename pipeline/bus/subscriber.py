"""One SUB socket for each producer an actor listens to."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import zmq

from pipeline.bus.clock import ClockOffset
from pipeline.bus.inlet import InletState
from pipeline.bus.reactor import SocketReader
from pipeline.bus.replay import REPLAY_PREFIX, SliceEnd, parse_topic, replay_topic
from pipeline.errors import WireError
from pipeline.frames.wire import MAX_FRAME_BYTES, decode

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence

    from pipeline.bus.curve import CurveClient
    from pipeline.bus.inlet import Inlet
    from pipeline.frames import Frame

RECONNECT_MS = 10
"""A restarted producer is heard again after 28-38 ms instead of 112-199 with the default of 100."""
RECEIVE_HIGH_WATER = 5000
"""Frames that may wait in this process: a second of 100 sessions."""


class Subscriber:
    """Connects to a producer and hands on its frames, less the stale, the doubled and the broken.

    Everything dropped is counted by input port: `expired` by age, `superseded` by a newer frame,
    `duplicate`, `lost` before it came (gaps in `seq`), `garbage` that is no frame of this schema.

    Attributes:
        inlets: By the producer's port.
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
        answers_replay: bool = True,
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
            answers_replay: The producer answers a replay subscription; a foreign program does not.
            curve: Keys for a tcp endpoint.
        """
        self.inlets = inlets
        self._live = {port.encode(): inlet for port, inlet in inlets.items()}
        self._deliver = deliver
        self._counters = counters
        self._on_garbage = on_garbage
        self._consumer = consumer
        self._local = address.startswith("ipc:")
        self._clock = ClockOffset()
        self._connected = asyncio.Event()
        self._socket = context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        self._socket.setsockopt(zmq.RCVHWM, RECEIVE_HIGH_WATER)
        if curve is not None:
            curve.protect(self._socket)
        for port, inlet in inlets.items():
            inlet.answers_replay = answers_replay
            inlet.counters = counters
            inlet.stage = InletState.AWAITED if answers_replay else InletState.LIVE
            self._socket.setsockopt(zmq.SUBSCRIBE, port.encode())
            self._socket.setsockopt(zmq.SUBSCRIBE, replay_topic(consumer, port))
        if not answers_replay:
            self._connected.set()
        self._socket.connect(address)
        self._interval_s = 0.0
        newest_only = any(inlet.spec.newest for inlet in inlets.values())
        flush = self._flush_newest if newest_only else None
        self._reader = SocketReader(self._socket, self._on_message, flush)

    async def connected(self) -> None:
        """Return once the producer has answered for every port."""
        await self._connected.wait()

    def pace(self, interval_s: float) -> None:
        """Read what has come every so often; 0: as it comes, beginning with what waits."""
        self._interval_s = interval_s
        self._set_pace()

    def rest_until(self, due_ns: int) -> None:
        """Asked while a frame is handled: what comes before a monotonic time may wait for it."""
        self._reader.rest_until(due_ns)

    def catch_up(self) -> None:
        """Read what waits."""
        self._reader.read_now()

    def close(self) -> None:
        """Disconnect."""
        self._reader.close()
        self._socket.close(linger=0)

    def _set_pace(self) -> None:
        self._reader.pace(self._interval_s if self._connected.is_set() else 0.0)

    def _on_message(self, message: list[bytes]) -> None:
        if len(message) != 2:
            self._garbage("", f"{len(message)} parts instead of 2")
            return
        topic, payload = message
        inlet = self._live.get(topic)
        if inlet is None:
            self._on_replayed(topic, payload)
            return
        frame = self._frame(inlet, payload)
        if frame is None:
            return
        is_new = inlet.is_next(frame)
        if not is_new and inlet.precedes_replay(frame):
            self._hand_on(inlet, inlet.hold(frame))
            return
        is_new = is_new or inlet.is_new(frame)
        if inlet.spec.max_age_ms is not None and self._expired(frame, inlet.spec.max_age_ms):
            self._counters[f"{inlet.port}.expired"] += 1
        elif is_new:
            if inlet.spec.newest:
                self._hand_on(inlet, (frame,))
            else:
                self._deliver(inlet.port, frame)

    def _on_replayed(self, topic: bytes, payload: bytes) -> None:
        text = topic.decode("utf-8", "replace")
        if not text.startswith(REPLAY_PREFIX):
            return  # Subscriptions match by prefix; this is another port of the producer.
        _, port, rest = parse_topic(text)
        inlet = self.inlets.get(port)
        if inlet is None:
            return
        if not payload:
            self._on_replay_end(inlet, port, rest)
            return
        frame = self._frame(inlet, payload)
        if frame is not None:
            self._hand_on(inlet, inlet.on_replayed(frame))

    def _frame(self, inlet: Inlet, payload: bytes) -> Frame | None:
        if len(payload) > MAX_FRAME_BYTES:
            # Not left to MAXMSGSIZE: after a frame above it libzmq never connects again.
            self._garbage(inlet.port, f"{len(payload)} bytes, more than {MAX_FRAME_BYTES}")
            return None
        try:
            frame = decode(payload)
        except WireError as error:
            self._garbage(inlet.port, str(error))
            return None
        if not isinstance(frame, inlet.spec.types):
            self._garbage(inlet.port, f"a {frame.type_name} does not belong on {inlet.port}")
            return None
        return frame

    def _on_replay_end(self, inlet: Inlet, port: str, rest: str) -> None:
        said = SliceEnd.parse(rest)
        if said is not None:
            released, asks = inlet.on_slice_end(said)
            if asks:
                more = said.asking(self._consumer, port, wanted=inlet.spec.replay)
                self._socket.setsockopt(zmq.SUBSCRIBE, more)
                self._socket.setsockopt(zmq.UNSUBSCRIBE, more)
        elif rest:
            self._garbage(inlet.port, f"{rest!r} is no end of a slice")
            return
        else:
            released = inlet.on_replay_end()
        self._hand_on(inlet, released)
        if not self._connected.is_set() and all(
            each.stage is not InletState.AWAITED for each in self.inlets.values()
        ):
            self._connected.set()
            self._set_pace()

    def _expired(self, frame: Frame, max_age_ms: float) -> bool:
        now_ns = time.monotonic_ns()
        if not self._local:
            now_ns -= self._clock.see(frame.sent_ns, now_ns)
        return now_ns - frame.origin_ns > max_age_ms * 1e6

    def _hand_on(self, inlet: Inlet, frames: Sequence[Frame]) -> None:
        if not inlet.spec.newest:
            for frame in frames:
                self._deliver(inlet.port, frame)
            return
        for frame in frames:
            if frame.session in inlet.newest:
                self._counters[f"{inlet.port}.superseded"] += 1
            inlet.newest[frame.session] = frame

    def _flush_newest(self) -> None:
        for inlet in self.inlets.values():
            if inlet.newest:
                waiting, inlet.newest = inlet.newest, {}
                for frame in waiting.values():
                    self._deliver(inlet.port, frame)

    def _garbage(self, port: str, problem: str) -> None:
        self._counters["garbage"] += 1
        self._on_garbage(port, problem)
