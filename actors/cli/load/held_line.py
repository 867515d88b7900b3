"""What became of callers, as the process that plays them writes it down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from actors.cli.calling.happening import What
from actors.cli.calling.line_form import BLOCK_S

BLOCK_MS = BLOCK_S * 1000
SERVER = "server"
"""Who ended a line, where nobody else did."""
MOVED = "moved"
"""Why a line was left for another one: the server asked for it, between two turns."""
STOPPED = "stopped"
"""Why callers hang up at once."""


@dataclass(frozen=True)
class HeldLine:
    """One connection of a caller.

    Attributes:
        call_id: By which its session is known.
        began_ns: When the line was up, monotonic; the first block was due 20 ms later.
        happenings: When, monotonic in ns; kind and values, as `greenroom call` prints them.
        late_ms: How much later than its time each block was sent.
        bytes_up: Of messages that were sent.
        bytes_down: Of messages that came.
        refused: Why the server did not take it; empty: it did.
    """

    call_id: str
    began_ns: int
    happenings: Sequence[tuple[int, str, Mapping[str, Any]]] = ()
    late_ms: Sequence[float] = ()
    bytes_up: int = 0
    bytes_down: int = 0
    refused: str = ""

    def was_away(self, from_ns: int, ms: float) -> bool:
        """Whether the callers' own process had no processor for so long meanwhile: sound that came
        in time then counts as late, which from a machine of its own it would not."""
        due = (from_ns - self.began_ns) / 1e6 / BLOCK_MS
        return any(
            late_ms >= ms
            for at, late_ms in enumerate(self.late_ms)
            if due - 1 <= at + 1 <= due + ms / BLOCK_MS
        )

    def told(self, *kinds: What) -> Iterator[tuple[int, What, Mapping[str, Any]]]:
        """Yield what happened, of these kinds; of all without any."""
        for at_ns, what, values in self.happenings:
            if not kinds or what in kinds:
                yield at_ns, What(what), values


@dataclass(frozen=True)
class LostLine:
    """A connection that was lost.

    Attributes:
        how: drop, cut, vanish; `server`, which closed it or fell silent; `moved`: it asked for it.
        at_ns: When, monotonic.
        back_ns: When the caller was in the conversation again; None: not at all.
    """

    how: str
    at_ns: int
    back_ns: int | None = None


@dataclass(frozen=True)
class LoadedCaller:
    """One caller.

    Attributes:
        number: In the plan.
        protocol: Of `LINES`.
        lines: Connections, in order.
        lost: Those of them that were lost.
    """

    number: int
    protocol: str
    lines: Sequence[HeldLine] = ()
    lost: Sequence[LostLine] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LoadedCaller:
        """Return it, of what `asdict` made of it and JSON of that."""
        lines = [
            HeldLine(**{**each, "happenings": [tuple(one) for one in each["happenings"]]})
            for each in value["lines"]
        ]
        lost = [LostLine(**each) for each in value["lost"]]
        return cls(value["number"], value["protocol"], lines, lost)


@dataclass(frozen=True)
class LoadJournal:
    """What a run was.

    Attributes:
        callers: Those who came; who was still to come when it was stopped is not among them.
        began_ns: Monotonic.
        ended_ns: Monotonic.
        processor_s: That the callers took themselves.
    """

    callers: Sequence[LoadedCaller]
    began_ns: int
    ended_ns: int
    processor_s: float = field(default=0.0)
