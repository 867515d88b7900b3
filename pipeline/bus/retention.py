"""What a producer keeps of a stream for consumers that come late. Pure; times in monotonic ns."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Protocol

NEWEST_SESSIONS = 1000
"""Whose newest frame is kept: ten times the sessions that a pipeline is made for, so that a
producer whose sessions never end does not grow for ever."""


class Retention(Protocol):
    """Keeps encoded frames of one stream."""

    def keep(self, seq: int, now_ns: int, session: str, payload: bytes) -> None:
        """Keep a frame, and drop what it makes unnecessary."""

    def forget(self, session: str) -> None:
        """Drop all frames of a session."""

    def frames(self) -> list[bytes]:
        """Return what is kept, oldest first."""


class RecentFrames:
    """The frames of the last seconds, of all sessions."""

    def __init__(self, retain_s: float) -> None:
        self._retain_ns = int(retain_s * 1e9)
        self._kept: dict[int, tuple[int, str, bytes]] = {}
        self._oldest = 0
        self._by_session: dict[str, deque[int]] = {}

    def keep(self, seq: int, now_ns: int, session: str, payload: bytes) -> None:
        """Keep a frame, and drop what is too old."""
        if not self._kept:
            self._oldest = seq
        self._kept[seq] = (now_ns, session, payload)
        self._by_session.setdefault(session, deque()).append(seq)
        oldest_ns = now_ns - self._retain_ns
        while self._oldest < seq:
            entry = self._kept.get(self._oldest)
            if entry is not None:
                if entry[0] >= oldest_ns:
                    break
                self._drop(self._oldest, entry[1])
            self._oldest += 1

    def forget(self, session: str) -> None:
        """Drop all frames of a session."""
        for seq in self._by_session.pop(session, ()):
            del self._kept[seq]

    def frames(self) -> list[bytes]:
        """Return what is kept, oldest first."""
        return [payload for _, _, payload in self._kept.values()]

    def _drop(self, seq: int, session: str) -> None:
        del self._kept[seq]
        seqs = self._by_session[session]
        seqs.popleft()
        if not seqs:
            del self._by_session[session]


class NewestFrames:
    """The newest frame of each session, whatever its age."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, bytes]] = {}

    def keep(self, seq: int, _now_ns: int, session: str, payload: bytes) -> None:
        """Keep a frame in the place of the session's last."""
        self._kept[session] = (seq, payload)
        if len(self._kept) > NEWEST_SESSIONS:
            # The first is the session of the config, which is always there.
            del self._kept[next(islice(self._kept, 1, None))]

    def forget(self, session: str) -> None:
        """Drop the frame of a session."""
        self._kept.pop(session, None)

    def frames(self) -> list[bytes]:
        """Return what is kept, oldest first: consumers drop what comes after a later frame."""
        return [payload for _, payload in sorted(self._kept.values())]
