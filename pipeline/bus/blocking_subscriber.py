"""Listens to producers from one thread, without an event loop and without decoding frames."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import msgpack
import zmq

from pipeline.bus.context import new_context
from pipeline.bus.replay import REPLAY_PREFIX, SliceEnd, parse_topic, replay_topic
from pipeline.bus.seen import Seen
from pipeline.frames import Audio
from pipeline.frames.wire import MAX_FRAME_BYTES, decode

if TYPE_CHECKING:
    from pipeline.bus.curve import CurveClient
    from pipeline.frames import Frame

RECONNECT_FIRST_MS = 10
RECONNECT_MAX_MS = 200
"""A restarted actor is heard again soon, and one that never comes costs five attempts a second;
what it retained is not lost."""
HIGH_WATER = 4000
"""As an actor keeps for a consumer that does not keep up."""


class Taken(NamedTuple):
    """A frame as it came.

    Attributes:
        actor: Whose.
        port: On which of its ports.
        frame: The msgpack map, for its header; empty if the payload is no frame at all.
        payload: The same as bytes, as they came.
        at_ns: Monotonic time at which it was taken.
        retained: It was sent before, and comes from what the producer keeps.
    """

    actor: str
    port: str
    frame: Mapping[str, Any]
    payload: bytes
    at_ns: int
    retained: bool = False

    @property
    def sent_ns(self) -> int:
        """Monotonic time of sending, as far as the producer says."""
        sent = self.frame.get("sent_ns") or self.frame.get("origin_ns")
        return sent if isinstance(sent, int) else self.at_ns


class BlockingSubscriber:
    """Gets what producers have retained and all that follows, each frame once.

    Args:
        consumer: Under which name to ask for what was retained.
    """

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._context = new_context()
        self._poller = zmq.Poller()
        self._actors: dict[zmq.Socket[bytes], str] = {}
        self._seen: dict[tuple[str, str], Seen] = {}
        self._replayed: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def connect(
        self, actor: str, address: str, ports: Collection[str], curve: CurveClient | None = None
    ) -> None:
        """Listen to ports of an actor as well; it need not be there yet."""
        socket = self._context.socket(zmq.SUB)
        socket.setsockopt(zmq.RCVHWM, HIGH_WATER)
        socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_FIRST_MS)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
        if curve is not None:
            curve.protect(socket)
        for port in ports:
            self._seen[actor, port] = Seen()
            socket.setsockopt(zmq.SUBSCRIBE, port.encode())
            socket.setsockopt(zmq.SUBSCRIBE, replay_topic(self._consumer, port))
        socket.connect(address)
        self._poller.register(socket, zmq.POLLIN)
        self._actors[socket] = actor

    @property
    def lost(self) -> int:
        """Frames that should have come and did not: gaps in `seq`."""
        return sum(each.lost for each in self._seen.values())

    def has_all(self, actor: str, port: str) -> bool:
        """Whether all that the producer had retained has come."""
        return (actor, port) in self._replayed

    def receive(self, timeout_ms: float | None = None) -> list[Taken]:
        """Return all that has come; waits for the first, if need be for ever.

        That all retained frames of a port have come (`has_all`) ends the waiting too.

        Args:
            timeout_ms: How long it waits, whatever comes that nobody asked for; None: for ever.
        """
        ends_ms = None if timeout_ms is None else _now_ms() + timeout_ms
        replayed = len(self._replayed)
        found: list[Taken] = []
        is_over = False
        while not (found or is_over or len(self._replayed) > replayed):
            left_ms = None if ends_ms is None else max(0, ceil(ends_ms - _now_ms()))
            is_over = left_ms == 0
            found = [
                taken
                for socket, _ in self._poller.poll(left_ms)
                for message in _waiting(socket)
                if (taken := self._take(socket, message)) is not None
            ]
        return found

    def frames(self, patience_ms: float | None = None) -> Iterator[Frame]:
        """Yield what comes, for ever.

        Raises:
            TimeoutError: nothing came for so long.
            WireError: something that is no frame of this schema came.
        """
        heard_ms, left_ms = _now_ms(), patience_ms
        while left_ms is None or left_ms > 0:
            for taken in self.receive(left_ms):
                yield decode(taken.payload)
                heard_ms = _now_ms()
            if patience_ms is not None:
                left_ms = patience_ms - (_now_ms() - heard_ms)
        raise TimeoutError(f"nothing came for {patience_ms or 0:g} ms")

    def close(self) -> None:
        """Disconnect."""
        self._context.destroy(linger=0)

    def _take(self, socket: zmq.Socket[bytes], message: list[bytes]) -> Taken | None:
        at_ns = time.monotonic_ns()
        actor, topic = self._actors[socket], message[0].decode("utf-8", "replace")
        retained = topic.startswith(REPLAY_PREFIX)
        port, rest = parse_topic(topic)[1:] if retained else (topic, "")
        seen = self._seen.get((actor, port))
        if seen is None:
            return None  # Subscriptions match by prefix; this is another port.
        if retained and message[1:] == [b""]:
            self._on_end(socket, port, rest)
            return None
        frame = _unpacked(message)
        if frame:
            boot, seq = frame.get("boot", 0), frame.get("seq", 0)
            joined = retained and frame["type"] == Audio.type_name
            if not seen.is_new(boot, seq, retained=retained, joined=joined):
                return None
        return Taken(actor, port, frame, message[-1], at_ns, retained)

    def _on_end(self, socket: zmq.Socket[bytes], port: str, rest: str) -> None:
        """Ask for what follows a slice, or note that it was the last."""
        said = SliceEnd.parse(rest)
        if said is not None:
            more = said.asking(self._consumer, port, wanted=True)
            socket.setsockopt(zmq.SUBSCRIBE, more)
            socket.setsockopt(zmq.UNSUBSCRIBE, more)
        if said is None or said.is_last:
            stream = self._actors[socket], port
            self._seen[stream].replay_ended()
            self._replayed.add(stream)


def _now_ms() -> float:
    return 1000 * time.monotonic()


def _waiting(socket: zmq.Socket[bytes]) -> Iterator[list[bytes]]:
    while True:
        try:
            yield socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return


def _unpacked(message: list[bytes]) -> Mapping[str, Any]:
    if len(message) != 2 or len(message[1]) > MAX_FRAME_BYTES:
        return {}
    try:
        frame = msgpack.unpackb(message[1])
    except (ValueError, msgpack.UnpackException):
        return {}
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        return {}
    numbers = (frame.get(key, 0) for key in ("boot", "seq", "sent_ns", "origin_ns"))
    return frame if all(isinstance(each, int) and each >= 0 for each in numbers) else {}
