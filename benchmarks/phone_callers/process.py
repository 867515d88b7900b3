"""The calls as a process: started, ended, and asked what became of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.child import Child, child

BLOCK_MS = 20.0
"""Of a line."""
JOURNAL_NAME = "phone_callers.json"


@dataclass(frozen=True)
class HeldCall:
    """One call.

    Attributes:
        call_id: By which its session is known.
        happenings: When, monotonic in ns; kind and values, as `greenroom call` prints them.
        late_ms: How much later than its time each block was sent.
        began_ns: When the line was up; the first block was due 20 ms later.
    """

    call_id: str
    happenings: list[tuple[int, str, Mapping[str, Any]]]
    late_ms: list[float]
    began_ns: int

    def was_away(self, from_ns: int, ms: float) -> bool:
        """Whether the callers' own process had no processor for so long meanwhile: sound that came
        in time then counts as late, which at a provider on a machine of its own it would not."""
        due = (from_ns - self.began_ns) / 1e6 / BLOCK_MS
        return any(
            late_ms >= ms
            for at, late_ms in enumerate(self.late_ms)
            if due - 1 <= at + 1 <= due + ms / BLOCK_MS
        )


class PhoneCallers:
    """The process; what it saw can be asked at its end."""

    def __init__(self, process: Child) -> None:
        self.pid = process.pid
        self._process = process

    def end(self) -> list[HeldCall]:
        """Let all hang up, if they have not; return what became of each call."""
        return [HeldCall(**each) for each in self._process.journal()]


@contextmanager
def phone_callers(folder: Path, url: str, calls: int, protocol: str) -> Iterator[PhoneCallers]:
    """Let so many call.

    Args:
        folder: For the journal.
        url: Of the gateway.
        calls: How many; the process is ready when they begin to connect.
        protocol: As which provider.
    """
    given = json.dumps({"url": url, "calls": calls, "protocol": protocol})
    module = "benchmarks.phone_callers"
    with child(module, str(folder), given, journal=folder / JOURNAL_NAME) as process:
        yield PhoneCallers(process)
