"""Session table: which sessions are open, each with its state; the same rules everywhere. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

from pipeline.frames.sessions import SessionOpened
from pipeline.logs import OWN_SESSION, session_labels

MOST_SESSIONS = 300
"""Sessions open at once in a pipeline: three times what two cores carry (benchmarks/README.md)."""
StateT = TypeVar("StateT")


class PlaybackScope(Enum):
    """Of which sessions somebody reports what was heard of their answers."""

    NONE = auto()
    OWN = auto()
    """Of the config's own only: a speaker stands in one room."""
    ALL = auto()


class Opening(Enum):
    """What came of opening a session."""

    OPENED = auto()
    KNOWN = auto()
    """It is open already; its producer was restarted, or says it twice."""
    REFUSED = auto()


@dataclass
class SessionEntry(Generic[StateT]):
    """One session while it is open.

    Attributes:
        opened: How it was opened: its manner and its labels.
        state: What its owner keeps of it.
        opened_ns: Monotonic time of opening.
        touched_ns: Monotonic time at which something was last heard of it.
        labels: What its log lines say; empty for the config's own session.
    """

    opened: SessionOpened
    state: StateT
    opened_ns: int
    touched_ns: int
    labels: Mapping[str, str]


class SessionTable(Generic[StateT]):
    """Sessions by name, each with its state.

    Args:
        make: Returns the state of a session that is opened.
        most: How many may be open at once; None: whoever asks has counted already.
        idle_ns: Without a touch for so long a session has expired; None: never.
        permanent: A session that is not counted and does not expire: the config's own.
    """

    def __init__(
        self,
        make: Callable[[SessionOpened], StateT],
        *,
        most: int | None = MOST_SESSIONS,
        idle_ns: int | None = None,
        permanent: str = "",
    ) -> None:
        self._make = make
        self._most = most
        self._idle_ns = idle_ns
        self._permanent = permanent
        self._entries: dict[str, SessionEntry[StateT]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._entries))

    def __getitem__(self, name: str) -> StateT:
        """Return the state of an open session.

        Raises:
            KeyError: nobody opened it, or it has ended.
        """
        return self._entries[name].state

    def get(self, name: str) -> StateT | None:
        """Return the state of a session; None if it is not open."""
        entry = self._entries.get(name)
        return None if entry is None else entry.state

    def entry(self, name: str) -> SessionEntry[StateT] | None:
        """Return all that is known of a session; None if it is not open."""
        return self._entries.get(name)

    def states(self) -> list[StateT]:
        """Return the states of all open sessions, in the order of opening."""
        return [entry.state for entry in self._entries.values()]

    def open(self, opened: SessionOpened, now_ns: int) -> Opening:
        """Open a session; a full table refuses."""
        entry = self._entries.get(opened.session)
        if entry is not None:
            entry.touched_ns = now_ns
            return Opening.KNOWN
        name = opened.session
        own = name == self._permanent
        if not own and self._most is not None and self.callers() >= self._most:
            return Opening.REFUSED
        labels = OWN_SESSION if own else session_labels(name, opened.labels)
        self._entries[name] = SessionEntry(opened, self._make(opened), now_ns, now_ns, labels)
        return Opening.OPENED

    def callers(self) -> int:
        """Return how many sessions are open besides the permanent one."""
        return len(self._entries) - (self._permanent in self._entries)

    def touch(self, name: str, now_ns: int) -> None:
        """Note that something was heard of a session."""
        entry = self._entries.get(name)
        if entry is not None:
            entry.touched_ns = now_ns

    def end(self, name: str) -> StateT | None:
        """Forget a session; return what was kept of it, None if it was not open."""
        entry = self._entries.pop(name, None)
        return None if entry is None else entry.state

    def expired(self, now_ns: int) -> list[str]:
        """Return the sessions of which nothing was heard for too long."""
        if self._idle_ns is None:
            return []
        return [
            name
            for name, entry in self._entries.items()
            if name != self._permanent and now_ns - entry.touched_ns > self._idle_ns
        ]

    def over_time(self, now_ns: int) -> list[str]:
        """Return the sessions that have lasted as long as they may."""
        return [
            name
            for name, entry in self._entries.items()
            if entry.opened.lasts_s is not None
            and now_ns - entry.opened_ns > entry.opened.lasts_s * 1e9
        ]
