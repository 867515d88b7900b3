"""One run of a subject: what it was given, and what was seen of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from benchmarks.live_server.talk import Behaviour, SessionRecord
from benchmarks.peers.task import KEY, MODEL, rotation
from benchmarks.sound import CHUNK_SAMPLES, RATE_HZ, Samples

SETTLE_S = 3.0
"""Left out at the beginning: connections stand and models are warm after it."""


class CollapsedError(Exception):
    """A subject did not do its task, or not in time."""


@dataclass(frozen=True)
class Trial:
    """What is spoken and what the server does; the attributes of `Task` and `Behaviour`."""

    sound: Samples
    answer_ms: int = 300
    turn_ends: tuple[int, ...] = ()
    quota_at: int | None = None
    sessions: int = 1
    block: bool = False
    stand_in: bool = False
    server_turns: bool = False

    @property
    def seconds(self) -> float:
        """How long it is spoken."""
        return len(self.sound) / RATE_HZ

    def behaviour(self, sound: Path) -> Behaviour:
        """For the server."""
        return Behaviour(
            KEY, MODEL, str(sound), self.answer_ms, list(self.turn_ends), self.quota_at
        )


class Run(NamedTuple):
    """A stretch of an answer as it was heard; monotonic ns.

    `handed_ns` is when its first piece was given to the sink, `played_ns` what was heard between
    `start_ns` and `end_ns`.
    """

    handed_ns: int
    start_ns: int
    end_ns: int
    played_ns: int


@dataclass
class Observation:
    """What was seen.

    Attributes:
        spawned_ns: When the subject's first process was started.
        zeros_ns: When sample 0 of each session was captured.
        runs: What was heard in each session.
        sessions: What the server saw, in the order in which they came.
        stand_in_ms: How much sound the second service was given, for one that is not a Live one.
        cpu_s_per_min: Processor time for each minute and session, after `SETTLE_S`.
        memory_mib: Of all its processes, at the end.
    """

    trial: Trial
    spawned_ns: int
    zeros_ns: list[int]
    runs: list[list[Run]]
    sessions: list[SessionRecord] = field(default_factory=list)
    stand_in_ms: float = 0.0
    cpu_s_per_min: float = 0.0
    memory_mib: float = 0.0

    def due_ns(self, session: int, position: int) -> int:
        """When the sample before `position` of the sound was captured."""
        count = len(self.trial.sound)
        begin = rotation(session, self.trial.sessions, count, CHUNK_SAMPLES)
        heard = (position - begin - 1) % count + 1
        return self.zeros_ns[session] + heard * 1_000_000_000 // RATE_HZ

    def own_sessions(self) -> Iterator[tuple[int, SessionRecord]]:
        """Yield the sessions of the first service with their numbers."""
        for record in self.sessions:
            name, _, number = record.key.partition("-")
            if name == "bench":
                yield int(number), record


class Subject(Protocol):
    """Something that holds conversations."""

    @property
    def name(self) -> str:
        """As the reader knows it."""

    def most_sessions(self) -> int:
        """How many sessions at once it can be asked for."""

    def observe(self, trial: Trial, folder: Path) -> Observation:
        """Do what the trial says.

        Raises:
            CollapsedError: it could not.
        """
