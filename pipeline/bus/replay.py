"""How a consumer gets what was retained: in slices, each after it has asked for it.

A PUB socket drops what a consumer cannot take, and says nothing. So the consumer asks: it
subscribes to `@<consumer>:<port>` and gets the first slice on that topic, then an empty message
on `@<consumer>:<port>:<token>:<sent>:<total>:<next seq>`. To get the next slice it subscribes to
`@<consumer>:<port>:<token>:<sent>`, and unsubscribes again. After the last slice an empty message
on `@<consumer>:<port>` is the end, for consumers that know nothing of slices; they get a slice
every `UNASKED_S`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

REPLAY_PREFIX = "@"
SLICE_FRAMES = 256
"""A slice of audio takes 1.5 ms to send: benchmarks/README.md, "Replay"."""
SLICES_IN_HIGH_WATER = 4
"""A slice is at most this part of what the socket holds; the rest is for what comes meanwhile."""
UNASKED_S = 0.05
"""A consumer that never asks is a program of somebody else: 5,000 frames a second, as many as 100
sessions speak, which a plain loop in Python reads."""
REPEAT_S = 1.0
"""A slice that a consumer that asks did not ask on from in this time may not have come."""


def replay_topic(consumer: str, port: str) -> bytes:
    """Topic on which `consumer` gets the retained frames of `port`."""
    return f"{REPLAY_PREFIX}{consumer}:{port}".encode()


class Topic(NamedTuple):
    """A replay topic, taken apart; `rest` is empty, what is asked for, or how far a slice went."""

    consumer: str
    port: str
    rest: str


def parse_topic(topic: str) -> Topic:
    """Take a topic that begins with the prefix apart."""
    consumer, _, port = topic[len(REPLAY_PREFIX) :].partition(":")
    port, _, rest = port.partition(":")
    return Topic(consumer, port, rest)


@dataclass(frozen=True)
class SliceEnd:
    """What a producer says after a slice.

    Attributes:
        token: Names this replay of this process of the producer.
        sent: Frames of the replay sent so far.
        total: Frames of the replay.
        next_seq: All frames of the stream from this on come live.
    """

    token: str
    sent: int
    total: int
    next_seq: int

    @classmethod
    def parse(cls, rest: str) -> SliceEnd | None:
        """Read the rest of a topic; None if it is none of these."""
        token, _, numbers = rest.partition(":")
        try:
            sent, total, next_seq = map(int, numbers.split(":"))
        except ValueError:
            return None
        return cls(token, sent, total, next_seq)

    @property
    def boot(self) -> int:
        """Of the producer."""
        boot = self.token.partition(".")[0]
        return int(boot) if boot.isdecimal() else 0

    @property
    def is_last(self) -> bool:
        """Nothing more is to come."""
        return self.sent >= self.total

    def topic(self, consumer: str, port: str) -> bytes:
        """On which topic it is said."""
        rest = f":{self.token}:{self.sent}:{self.total}:{self.next_seq}"
        return replay_topic(consumer, port) + rest.encode()

    def asking(self, consumer: str, port: str, *, wanted: bool) -> bytes:
        """Return the topic to subscribe to for the next slice; not wanted: for the end."""
        sent = self.sent if wanted else self.total
        return replay_topic(consumer, port) + f":{self.token}:{sent}".encode()


class Manner(Enum):
    """How the consumer of a replay behaves."""

    UNKNOWN = auto()
    ASKS = auto()


@dataclass
class Replay:
    """Frames on their way to one consumer; `begin` to `end` is the slice it was sent last."""

    token: str
    payloads: list[bytes]
    next_seq: int
    begin: int = 0
    end: int = 0
    manner: Manner = Manner.UNKNOWN
    timer: asyncio.TimerHandle | None = None


class Replays:
    """All replays of a producer."""

    def __init__(
        self,
        boot: int,
        high_water: int,
        send: Callable[[bytes, bytes], None],
        on_slice_sent: Callable[[], None],
    ) -> None:
        """Prepare.

        Args:
            boot: Of the producer.
            high_water: Frames that the socket holds for a consumer; 0 is without limit.
            send: Sends a payload on a topic, and never blocks.
            on_slice_sent: Called after the last of a slice.
        """
        self._boot = boot
        limit = high_water // SLICES_IN_HIGH_WATER if high_water else SLICE_FRAMES
        self._slice = max(1, min(SLICE_FRAMES, limit))
        self._send = send
        self._on_slice_sent = on_slice_sent
        self._count = 0
        self._replays: dict[tuple[str, str], Replay] = {}

    def start(self, consumer: str, port: str, payloads: list[bytes], next_seq: int) -> None:
        """Send the first slice; a replay that is under way is begun anew.

        Args:
            consumer: Who asks.
            port: For which stream.
            payloads: All that it is to get.
            next_seq: Number of the first frame that it gets live.
        """
        self.drop(consumer, port)
        self._count += 1
        replay = Replay(f"{self._boot}.{self._count}", payloads, next_seq)
        self._replays[consumer, port] = replay
        self._send_slice(consumer, port, replay)

    def ask(self, consumer: str, port: str, asked: str) -> None:
        """Send the slice that was asked for; what belongs to no replay here is ignored."""
        replay = self._replays.get((consumer, port))
        token, _, number = asked.partition(":")
        if replay is None or token != replay.token or not number.isdecimal():
            return
        replay.manner = Manner.ASKS
        sent = int(number)
        if sent >= len(replay.payloads):
            self.drop(consumer, port)
        elif sent == replay.end:
            # Not so for an earlier one: what follows it is on its way.
            replay.begin = replay.end
            self._send_slice(consumer, port, replay)

    def drop(self, consumer: str, port: str) -> None:
        """Forget the replay of a consumer that has it all, or is gone."""
        replay = self._replays.pop((consumer, port), None)
        if replay is not None and replay.timer is not None:
            replay.timer.cancel()

    def close(self) -> None:
        """Send nothing more."""
        for consumer, port in list(self._replays):
            self.drop(consumer, port)

    def _send_slice(self, consumer: str, port: str, replay: Replay) -> None:
        topic = replay_topic(consumer, port)
        total = len(replay.payloads)
        replay.end = min(replay.begin + self._slice, total)
        for payload in replay.payloads[replay.begin : replay.end]:
            self._send(topic, payload)
        said = SliceEnd(replay.token, replay.end, total, replay.next_seq)
        self._send(said.topic(consumer, port), b"")
        self._on_slice_sent()
        if replay.manner is Manner.UNKNOWN and said.is_last:
            self._send(topic, b"")
            self.drop(consumer, port)
            return
        if replay.timer is not None:
            replay.timer.cancel()
        wait_s = REPEAT_S if replay.manner is Manner.ASKS else UNASKED_S
        replay.timer = asyncio.get_running_loop().call_later(
            wait_s, self._unasked, consumer, port, replay
        )

    def _unasked(self, consumer: str, port: str, replay: Replay) -> None:
        if replay.manner is Manner.UNKNOWN:
            replay.begin = replay.end
        self._send_slice(consumer, port, replay)
