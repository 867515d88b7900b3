"""Listens to the streams of a running pipeline, without decoding more than is needed."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgpack
import zmq

from actors.services.recorder.seen import Seen
from pipeline.bus.curve import CurveClient
from pipeline.bus.replay import replay_topic
from pipeline.config.description import DescribedStream, Description
from pipeline.config.graph import SUPERVISOR
from pipeline.errors import ConfigError, did_you_mean
from pipeline.frames import Audio
from pipeline.frames.wire import MAX_FRAME_BYTES
from pipeline.sessions.work import SESSIONS_PORT

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
        frame: The msgpack map, for its header.
        payload: The same as bytes, as they came.
        at_ns: Monotonic time at which it was taken.
    """

    actor: str
    port: str
    frame: Mapping[str, Any]
    payload: bytes
    at_ns: int

    @property
    def sent_ns(self) -> int:
        """Monotonic time of sending, as far as the producer says."""
        sent = self.frame.get("sent_ns") or self.frame.get("origin_ns")
        return sent if isinstance(sent, int) else self.at_ns


def choose(streams: Sequence[DescribedStream], patterns: Collection[str]) -> list[DescribedStream]:
    """Return the streams that fit one of the patterns.

    Raises:
        ConfigError: a pattern fits none.
    """
    for pattern in patterns:
        if not any(fnmatchcase(each.name, pattern) for each in streams):
            hint = did_you_mean(pattern, [each.name for each in streams])
            raise ConfigError(f"no stream {pattern!r} in this pipeline; {hint}")
    return [each for each in streams if any(fnmatchcase(each.name, p) for p in patterns)]


def sessions_stream(description: Description) -> list[DescribedStream]:
    """Return the stream that says which sessions are open; none in a pipeline without sessions."""
    return [
        each
        for each in description.streams
        if (each.actor, each.port) == (SUPERVISOR, SESSIONS_PORT)
    ]


class Capture:
    """Subscribes to streams with a SUB socket for each actor; to be used in one thread.

    It also listens to which sessions are open, whether or not that stream is among those wanted.

    `counters` gets `lost` (gaps in `seq`) and `garbage` (what is no frame at all).
    """

    def __init__(
        self,
        description: Description,
        streams: Sequence[DescribedStream],
        consumer: str,
        counters: Counter[str],
    ) -> None:
        self._counters = counters
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._poller = zmq.Poller()
        self._actors: dict[zmq.Socket[bytes], str] = {}
        self._ports: defaultdict[str, dict[bytes, tuple[str, bool]]] = defaultdict(dict)
        self._seen: defaultdict[tuple[str, str], Seen] = defaultdict(Seen)
        self._wanted = {(each.actor, each.port) for each in streams}
        for stream in [*streams, *sessions_stream(description)]:
            topics = self._ports[stream.actor]
            topics[stream.port.encode()] = (stream.port, False)
            topics[replay_topic(consumer, stream.port)] = (stream.port, True)
        for actor, topics in self._ports.items():
            self._connect(actor, list(topics), description)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._context.destroy(linger=0)

    def is_wanted(self, taken: Taken) -> bool:
        """Whether a frame is of one of the streams that were asked for."""
        return (taken.actor, taken.port) in self._wanted

    def receive(self, timeout_ms: int) -> list[Taken]:
        """Return all that has come, in the order of sending; waits for the first."""
        taken: list[Taken] = []
        for socket, _ in self._poller.poll(timeout_ms):
            while True:
                try:
                    message = socket.recv_multipart(zmq.NOBLOCK)
                except zmq.Again:
                    break
                frame = self._understood(self._actors[socket], message)
                if frame is not None:
                    taken.append(frame)
        self._counters["lost"] = sum(each.lost for each in self._seen.values())
        return sorted(taken, key=lambda each: each.sent_ns)

    def _connect(self, actor: str, topics: list[bytes], description: Description) -> None:
        endpoint = description.endpoints[actor]
        socket = self._context.socket(zmq.SUB)
        socket.setsockopt(zmq.RCVHWM, HIGH_WATER)
        socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_FIRST_MS)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
        if endpoint.address.startswith("tcp:") and description.keys_dir and endpoint.public_key:
            CurveClient(Path(description.keys_dir), endpoint.public_key).protect(socket)
        for topic in topics:
            socket.setsockopt(zmq.SUBSCRIBE, topic)
        socket.connect(endpoint.address)
        self._poller.register(socket, zmq.POLLIN)
        self._actors[socket] = actor

    def _understood(self, actor: str, message: list[bytes]) -> Taken | None:
        at_ns = time.monotonic_ns()
        known = self._ports[actor].get(message[0])
        if known is None:
            return None  # Subscriptions match by prefix; this is another port.
        port, retained = known
        seen = self._seen[actor, port]
        if len(message) == 2 and retained and not message[1]:
            seen.replay_ended()
            return None
        frame = _unpacked(message)
        if frame is None:
            self._counters["garbage"] += 1
            return None
        boot, seq = frame.get("boot", 0), frame.get("seq", 0)
        joined = retained and frame["type"] == Audio.type_name
        if not seen.is_new(boot, seq, retained=retained, joined=joined):
            return None
        return Taken(actor, port, frame, message[1], at_ns)


def _unpacked(message: list[bytes]) -> Mapping[str, Any] | None:
    if len(message) != 2 or len(message[1]) > MAX_FRAME_BYTES:
        return None
    try:
        frame = msgpack.unpackb(message[1])
    except (ValueError, msgpack.UnpackException):
        return None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        return None
    numbers = (frame.get(key, 0) for key in ("boot", "seq", "sent_ns", "origin_ns"))
    return frame if all(isinstance(each, int) and each >= 0 for each in numbers) else None
