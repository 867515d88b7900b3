"""Index of the messages of a recording; a message is read from its file when it is needed."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, overload

import msgpack
import numpy as np
from numpy.typing import NDArray

from actors.recordings.mcap_blocks import Block, read_block
from actors.recordings.sound_spans import SoundSpans
from pipeline.frames import Frame
from pipeline.frames.wire import decode

if TYPE_CHECKING:
    from mcap.records import Message as Record

BLOCKS_KEPT = 32
"""Of 64 KiB each: messages are nearly in the order of the file, but for what was retained."""


class RecordedMessage(NamedTuple):
    """A frame of a recording.

    Attributes:
        actor: Whose.
        port: On which of its ports.
        payload: Its bytes, as they were on the socket.
        sent_ns: Monotonic time of sending, on the clock of the recorded run.
        sequence: Its `seq`.
    """

    actor: str
    port: str
    payload: bytes
    sent_ns: int
    sequence: int

    def frame(self) -> Frame:
        """Decode the frame.

        Raises:
            WireError: it is of a type or version that is not known here.
        """
        return decode(self.payload)


class Channel(NamedTuple):
    """Frames of one type on one stream."""

    actor: str
    port: str
    type: str


class Index:
    """What is known of every message while the rest of it stays in the file: 42 bytes each, 66 of
    a block of sound."""

    def __init__(self) -> None:
        self.channels: list[Channel] = []
        self.sessions: list[str] = []
        self._numbers: dict[Channel, int] = {}
        self._session_numbers: dict[str, int] = {}
        self._blocks: list[Block] = []
        self._channel, self._block, self._nth = array("I"), array("I"), array("I")
        self._session = array("I")
        self._sequence, self._sent_ns, self._hash = array("I"), array("q"), array("q")
        self._spans = SoundSpans()
        self._read = lru_cache(BLOCKS_KEPT)(read_block)

    def add(self, channel: Channel, block: Block, nth: int, record: Record, sent_ns: int) -> None:
        """Note a message, the `nth` of its block."""
        if channel not in self._numbers:
            self._numbers[channel] = len(self.channels)
            self.channels.append(channel)
        if not self._blocks or self._blocks[-1] != block:
            self._blocks.append(block)
        fields = fields_of(record.data)
        session = session_of(fields)
        if session not in self._session_numbers:
            self._session_numbers[session] = len(self.sessions)
            self.sessions.append(session)
        self._spans.add(len(self._channel), self._numbers[channel], fields)
        self._session.append(self._session_numbers[session])
        self._channel.append(self._numbers[channel])
        self._block.append(len(self._blocks) - 1)
        self._nth.append(nth)
        self._sequence.append(record.sequence)
        self._sent_ns.append(sent_ns)
        self._hash.append(hash(record.data))

    def in_order(self) -> RecordedMessages:
        """Return all messages in the order of sending, each once: some are recorded twice."""
        sent_ns = np.array(self._sent_ns, np.int64)
        keys = [np.array(each) for each in (self._hash, self._sequence, self._channel)]
        order = np.lexsort((*keys, sent_ns))
        new = np.ones(len(order), np.bool_)
        if len(order):
            changes = [np.diff(each[order]) != 0 for each in (*keys, sent_ns)]
            new[1:] = np.logical_or.reduce(changes)
        repeated = np.array(self._spans.repeated(), np.int64)
        first = np.setdiff1d(order[new], repeated)
        return RecordedMessages(self, first[np.argsort(sent_ns[first], kind="stable")])

    def channel_numbers(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers in `channels` of these messages."""
        return np.array(self._channel, np.int64)[rows]

    def session_numbers(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers in `sessions` of these messages."""
        return np.array(self._session, np.int64)[rows]

    def sent_ns(self, row: int) -> int:
        """Return when a message was sent, without reading it."""
        return self._sent_ns[row]

    def message(self, row: int) -> RecordedMessage:
        """Read a message.

        Raises:
            GreenroomError: the file is not what it was.
        """
        records = self._read(self._blocks[self._block[row]])
        channel = self.channels[self._channel[row]]
        data = records[self._nth[row]].data
        return RecordedMessage(
            channel.actor, channel.port, data, self._sent_ns[row], self._sequence[row]
        )


class RecordedMessages(Sequence[RecordedMessage]):
    """Messages in the order of sending, read from their files each time they are looked at."""

    def __init__(self, index: Index, rows: NDArray[np.int64]) -> None:
        self._index = index
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> RecordedMessage: ...
    @overload
    def __getitem__(self, at: slice) -> RecordedMessages: ...
    def __getitem__(self, at: int | slice) -> RecordedMessage | RecordedMessages:
        if isinstance(at, slice):
            return RecordedMessages(self._index, self._rows[at])
        return self._index.message(int(self._rows[at]))

    def __iter__(self) -> Iterator[RecordedMessage]:
        for row in self._rows:
            yield self._index.message(int(row))

    @property
    def channels(self) -> list[Channel]:
        """Those that carried one of these messages, in the order of the first."""
        numbers, firsts = np.unique(self._index.channel_numbers(self._rows), return_index=True)
        return [self._index.channels[number] for number in numbers[np.argsort(firsts)]]

    @property
    def sessions(self) -> list[str]:
        """Those of these messages, in the order of the first of each."""
        numbers, firsts = np.unique(self._index.session_numbers(self._rows), return_index=True)
        return [self._index.sessions[number] for number in numbers[np.argsort(firsts)]]

    @property
    def span_ns(self) -> tuple[int, int]:
        """When the first and the last were sent; there must be one."""
        first, last = int(self._rows[0]), int(self._rows[-1])
        return self._index.sent_ns(first), self._index.sent_ns(last)

    def lasts(self) -> dict[Channel, int]:
        """Return where in the sequence each channel has its last message."""
        backwards = self._index.channel_numbers(self._rows)[::-1]
        numbers, at = np.unique(backwards, return_index=True)
        last = len(self) - 1
        return {
            self._index.channels[n]: last - int(before)
            for n, before in zip(numbers, at, strict=True)
        }

    def only(self, wanted: Callable[[Channel], bool]) -> RecordedMessages:
        """Return those of some channels."""
        numbers = [n for n, each in enumerate(self._index.channels) if wanted(each)]
        kept = np.isin(self._index.channel_numbers(self._rows), numbers)
        return RecordedMessages(self._index, self._rows[kept])

    def of_session(self, session: str, shared: Collection[str]) -> RecordedMessages:
        """Return those of one session, and all of the types `shared`, which concern every one."""
        sessions = [n for n, each in enumerate(self._index.sessions) if each == session]
        channels = [n for n, each in enumerate(self._index.channels) if each.type in shared]
        kept = np.isin(self._index.session_numbers(self._rows), sessions)
        kept |= np.isin(self._index.channel_numbers(self._rows), channels)
        return RecordedMessages(self._index, self._rows[kept])


def fields_of(payload: bytes) -> dict[object, object]:
    """Return the fields of a payload; none if it is no frame."""
    try:
        fields = msgpack.unpackb(payload)
    except (ValueError, msgpack.UnpackException):
        return {}
    return fields if isinstance(fields, dict) else {}


def session_of(fields: dict[object, object]) -> str:
    """Return the session that a frame names; empty if it names none."""
    session = fields.get("session")
    return session if isinstance(session, str) else ""
