"""A room's lease on its name: so long the others take it for alive. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

LEASE_S = 3.0
"""Without a word for so long a room is gone: by then its callers have given up waiting, too."""
RENEW_S = 1.0
"""Two renewals may fail, or take long, before it is over."""


class LeaseState(Enum):
    """Whether others know that a room is alive."""

    NONE = auto()
    """It has no name, and nobody beside it."""
    AWAITED = auto()
    """It was not given yet: the database was not reached, or the name is another pipeline's."""
    HELD = auto()
    LOST = auto()
    """It was held, and not renewed in time."""


@dataclass(frozen=True)
class Lease:
    """A lease as its holder knows it.

    Attributes:
        until_s: Monotonic time at which it is over; None: it was never given.
    """

    until_s: float | None = None

    def renewed(self, asked_s: float) -> Lease:
        """Return it as it is when the database has renewed it.

        Args:
            asked_s: When it was asked to: what the others go by is never later.
        """
        until_s = asked_s + LEASE_S
        return Lease(until_s if self.until_s is None else max(self.until_s, until_s))

    def state(self, now_s: float) -> LeaseState:
        """Return what it is worth now."""
        if self.until_s is None:
            return LeaseState.AWAITED
        return LeaseState.HELD if now_s < self.until_s else LeaseState.LOST
