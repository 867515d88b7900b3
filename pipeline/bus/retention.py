"""What a producer keeps of a stream for consumers that come late. Pure; times in monotonic ns."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from pipeline.frames import Audio, Frame
from pipeline.frames.wire import encode

NEWEST_SESSIONS = 1000
"""Whose newest frame is kept: ten times the sessions that a pipeline is made for, so that a
producer whose sessions never end does not grow for ever."""
JOINED_S = 0.5
"""Blocks of sound are kept as pieces of this length: of 20 ms blocks that is one frame instead of
25, so that the last 15 s of 100 sessions are 3,000 frames to send, decode and hand on and not
75,000 (benchmarks/README.md, "Replay")."""


class Retention(Protocol):
    """Keeps frames of one stream."""

    def keep(self, seq: int, now_ns: int, frame: Frame, payload: bytes) -> None:
        """Keep a frame, and drop what it makes unnecessary.

        Args:
            seq: Of the frame.
            now_ns: When it is sent.
            frame: As it was published.
            payload: As it is sent.
        """

    def forget(self, session: str) -> None:
        """Drop all frames of a session."""

    def close(self, session: str, turn: str, now_ns: int) -> None:
        """Take word that a turn has its outcome."""

    def frames(self) -> list[bytes]:
        """Return what is kept, oldest first."""


@dataclass(slots=True)
class Piece:
    """A frame as it is sent again: its number, when it was sent, and its turn if it has one."""

    seq: int
    sent_ns: int
    payload: bytes
    turn: str = ""


@dataclass(slots=True)
class Blocks:
    """Blocks of sound on their way to be one frame, whose number is that of the newest."""

    first: Audio
    newest: Audio
    seq: int
    sent_ns: int
    pcm: list[bytes]
    samples: int

    def goes_on(self, frame: Audio) -> bool:
        """Return whether a block is the next of this sound."""
        return (
            frame.position == self.first.position + self.samples
            and frame.rate_hz == self.first.rate_hz
        )

    def add(self, seq: int, now_ns: int, frame: Audio) -> None:
        """Take the next block."""
        self.newest, self.seq, self.sent_ns = frame, seq, now_ns
        self.pcm.append(frame.pcm)
        self.samples += frame.samples

    @property
    def is_whole(self) -> bool:
        """Whether it is long enough, or nothing follows."""
        return self.newest.final or self.samples >= JOINED_S * self.first.rate_hz

    def piece(self, boot: int) -> Piece:
        """Return all of it as one frame, captured when its last sample was."""
        joined = self.newest.model_copy(
            update={"position": self.first.position, "pcm": b"".join(self.pcm)}
        )
        payload = encode(joined, seq=self.seq, boot=boot, sent_ns=self.sent_ns)
        return Piece(self.seq, self.sent_ns, payload)


@dataclass(slots=True)
class Kept:
    """What is kept of one session."""

    pieces: deque[Piece] = field(default_factory=deque)
    blocks: Blocks | None = None

    def drop_before(self, oldest_ns: int) -> bool:
        """Drop what was sent before; return whether anything is left."""
        while self.pieces and self.pieces[0].sent_ns < oldest_ns:
            self.pieces.popleft()
        if self.blocks is not None and self.blocks.sent_ns < oldest_ns:
            self.blocks = None
        return bool(self.pieces) or self.blocks is not None

    def drop_turn(self, turn: str, closed_ns: int) -> None:
        """Drop what was sent of a turn up to then."""
        left = [each for each in self.pieces if each.turn != turn or each.sent_ns > closed_ns]
        self.pieces = deque(left)


class RecentFrames:
    """The frames of the last seconds, of all sessions; blocks of sound that follow one another
    become longer ones, of which some samples may be older.

    Args:
        retain_s: How long a frame is kept.
        boot: Of the producer.
        retain_closed_s: How long a frame of a turn is kept once that is closed, if less.
    """

    def __init__(self, retain_s: float, boot: int, retain_closed_s: float | None = None) -> None:
        self._retain_ns = int(retain_s * 1e9)
        self._closed_ns = None if retain_closed_s is None else int(retain_closed_s * 1e9)
        self._closed: deque[tuple[int, str, str]] = deque()
        """When each turn was closed, its session and its name."""
        self._boot = boot
        self._newest_ns = 0
        self._sessions: OrderedDict[str, Kept] = OrderedDict()
        """Who has said nothing for longest is the first."""

    def keep(self, seq: int, now_ns: int, frame: Frame, payload: bytes) -> None:
        """Keep a frame, and drop what is too old."""
        self._newest_ns = now_ns
        if self._closed:
            self._drop_closed(now_ns)
        kept = self._sessions.get(frame.session)
        if kept is None:
            kept = self._sessions[frame.session] = Kept()
        elif len(self._sessions) > 1:
            self._sessions.move_to_end(frame.session)
        if isinstance(frame, Audio):
            self._keep_block(kept, seq, now_ns, frame)
        else:
            self._close(kept)
            kept.pieces.append(Piece(seq, now_ns, payload, getattr(frame, "turn", "")))
        oldest_ns = now_ns - self._retain_ns
        kept.drop_before(oldest_ns)
        if len(self._sessions) > 1:
            name, silent = next(iter(self._sessions.items()))
            if not silent.drop_before(oldest_ns):
                del self._sessions[name]

    def forget(self, session: str) -> None:
        """Drop all frames of a session."""
        self._sessions.pop(session, None)

    def close(self, session: str, turn: str, now_ns: int) -> None:
        """Drop what belongs to a turn a while after it has its outcome."""
        if self._closed_ns is not None:
            self._closed.append((now_ns, session, turn))
            self._drop_closed(now_ns)

    def frames(self) -> list[bytes]:
        """Return what is kept, oldest first."""
        found: list[Piece] = []
        for kept in self._sessions.values():
            if kept.drop_before(self._newest_ns - self._retain_ns):
                found += kept.pieces
                if kept.blocks is not None:
                    found.append(kept.blocks.piece(self._boot))
        return [piece.payload for piece in sorted(found, key=lambda piece: piece.seq)]

    def _drop_closed(self, now_ns: int) -> None:
        while self._closed and self._closed[0][0] + (self._closed_ns or 0) < now_ns:
            closed_ns, session, turn = self._closed.popleft()
            if kept := self._sessions.get(session):
                kept.drop_turn(turn, closed_ns)

    def _keep_block(self, kept: Kept, seq: int, now_ns: int, frame: Audio) -> None:
        if kept.blocks is not None and kept.blocks.goes_on(frame):
            kept.blocks.add(seq, now_ns, frame)
        else:
            self._close(kept)
            kept.blocks = Blocks(frame, frame, seq, now_ns, [frame.pcm], frame.samples)
        if kept.blocks.is_whole:
            self._close(kept)

    def _close(self, kept: Kept) -> None:
        if kept.blocks is not None:
            kept.pieces.append(kept.blocks.piece(self._boot))
            kept.blocks = None


class NewestFrames:
    """The newest frame of each session, whatever its age."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, bytes]] = {}

    def keep(self, seq: int, _now_ns: int, frame: Frame, payload: bytes) -> None:
        """Keep a frame in the place of the session's last."""
        self._kept[frame.session] = (seq, payload)
        if len(self._kept) > NEWEST_SESSIONS:
            # The first is the session of the config, which is always there.
            del self._kept[next(islice(self._kept, 1, None))]

    def forget(self, session: str) -> None:
        """Drop the frame of a session."""
        self._kept.pop(session, None)

    def close(self, session: str, turn: str, now_ns: int) -> None:
        """The newest frame is kept all the same."""

    def frames(self) -> list[bytes]:
        """Return what is kept, oldest first: consumers drop what comes after a later frame."""
        return [payload for _, payload in sorted(self._kept.values())]
