"""Counts of turns, faults and routes, kept over a restart. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipeline.frames import Fault, Route, SessionEnded, SessionOpened, TurnClosed

BUCKETS_S = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
"""Upper ends: fine where people notice, below 1.5 s; 4 and 8 s are the route's deadlines."""
NOBODY = "none"
"""Backend of a turn that failed."""

Pairs = Counter[tuple[str, str]]


@dataclass
class Histogram:
    """Durations by bucket; the last bucket has no upper end."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    sum_s: float = 0.0

    def add(self, duration_s: float) -> None:
        """Count a duration."""
        self.counts[bisect_left(BUCKETS_S, duration_s)] += 1
        self.sum_s += duration_s


@dataclass
class Tally:
    """The counts.

    Attributes:
        turns: By outcome and backend.
        first_sound: By backend.
        faults: By backend and class.
        owners: Backends that own turns, or did; the newest is `owner`.
        route_changes: Of this run.
        newest: Boot and seq of the newest turn counted.
        sessions_opened: Sessions that were opened, the pipeline's own included.
        sessions_ended: Those that ended, and those that were refused, by reason.
        newest_session: Boot and seq of the newest of both counted.
    """

    turns: Pairs = field(default_factory=Counter)
    first_sound: dict[str, Histogram] = field(default_factory=dict)
    faults: Pairs = field(default_factory=Counter)
    owners: list[str] = field(default_factory=list)
    owner: str = ""
    route_changes: int = 0
    newest: tuple[int, int] = (0, -1)
    sessions_opened: int = 0
    sessions_ended: Counter[str] = field(default_factory=Counter)
    newest_session: tuple[int, int] = (0, -1)

    def __post_init__(self) -> None:
        # What was counted before a restart comes again, and not in the order of its numbers.
        self._sessions_until = self.newest_session

    def session(self, frame: SessionOpened | SessionEnded) -> bool:
        """Count an opening or an end; return whether it was news, and not of before a restart."""
        at = (frame.boot, frame.seq)
        if frame.boot and at <= self._sessions_until:
            return False
        self.newest_session = max(self.newest_session, at)
        if isinstance(frame, SessionOpened):
            self.sessions_opened += 1
        else:
            self.sessions_ended[frame.reason.value] += 1
        return True

    def turn(self, frame: TurnClosed) -> bool:
        """Count a turn, unless it was counted before a restart; return whether it was news."""
        # A boot of 0 marks a producer that does not count its frames.
        if frame.boot and (frame.boot, frame.seq) <= self.newest:
            return False
        self.newest = (frame.boot, frame.seq)
        self.count(frame)
        return True

    def count(self, frame: TurnClosed) -> None:
        """Count a turn, whether it was counted before or not."""
        backend = frame.by or NOBODY
        self.turns[frame.outcome.value, backend] += 1
        if frame.first_sound_ms is not None:
            self.first_sound.setdefault(backend, Histogram()).add(frame.first_sound_ms / 1e3)

    def fault(self, frame: Fault) -> None:
        """Count a fault."""
        self.faults[frame.backend, frame.fault.value] += 1

    def route(self, frame: Route) -> None:
        """Note who answers."""
        self.owner, self.route_changes = frame.owner, frame.epoch
        if frame.owner and frame.owner not in self.owners:
            self.owners.append(frame.owner)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` takes; the route is told again after a restart."""
        return {
            "turns": [[*key, count] for key, count in self.turns.items()],
            "first_sound": {
                backend: {"counts": list(each.counts), "sum_s": each.sum_s}
                for backend, each in self.first_sound.items()
            },
            "faults": [[*key, count] for key, count in self.faults.items()],
            "owners": list(self.owners),
            "newest": list(self.newest),
            "sessions_opened": self.sessions_opened,
            "sessions_ended": dict(self.sessions_ended),
            "newest_session": list(self.newest_session),
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Tally:
        """Return the tally that was saved."""
        return cls(
            turns=Counter({(outcome, by): count for outcome, by, count in saved["turns"]}),
            first_sound={name: Histogram(**each) for name, each in saved["first_sound"].items()},
            faults=Counter({(by, fault): count for by, fault, count in saved["faults"]}),
            owners=saved["owners"],
            newest=(saved["newest"][0], saved["newest"][1]),
            sessions_opened=saved["sessions_opened"],
            sessions_ended=Counter(saved["sessions_ended"]),
            newest_session=(saved["newest_session"][0], saved["newest_session"][1]),
        )
