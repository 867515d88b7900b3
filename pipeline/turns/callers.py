"""What became of the callers of a run: a line each, of the newest. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

KEPT_CALLERS = 20
"""Lines at the end of a run: a screenful, beside the turns of the config's own session."""


@dataclass(frozen=True)
class CallerSummary:
    """A caller's session.

    Attributes:
        session: Its name.
        labels: What it came with.
        lasted_s: From opening to its end, or until now.
        turns: Turns closed, by outcome.
        ended: How it ended, in words; empty while it goes on.
    """

    session: str
    labels: Mapping[str, str]
    lasted_s: float
    turns: Mapping[str, int]
    ended: str = ""


@dataclass
class PastCallers:
    """The newest callers that are gone, and how many there were before them."""

    newest: deque[CallerSummary] = field(default_factory=lambda: deque(maxlen=KEPT_CALLERS))
    count: int = 0

    def add(self, caller: CallerSummary) -> None:
        """Note one more that is gone."""
        self.newest.append(caller)
        self.count += 1

    def and_open(self, callers: list[CallerSummary]) -> tuple[list[CallerSummary], int]:
        """Return the newest, those that are still there last, and how many are left out."""
        every = [*self.newest, *callers]
        shown = every[-KEPT_CALLERS:]
        return shown, self.count + len(callers) - len(shown)
