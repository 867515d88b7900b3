"""Heartbeat interval: how often an actor says that it is alive. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgpack

if TYPE_CHECKING:
    from pipeline.frames import Health

IDLE_FACTOR = 4
"""An actor whose state and checkpoint stay the same beats so much more rarely: of the 14 actors of
the robot most only wait, and each beat costs its process and the supervisor a wake-up."""
BEATS_IN_TIMEOUT = 3
"""But so often in the time after which it counts as hung, as one beat may be late."""


def idle_interval_s(interval_s: float, timeout_s: float) -> float:
    """Return how long an actor that only waits may be silent.

    Args:
        interval_s: Between two heartbeats of one whose checkpoint changes.
        timeout_s: After which it counts as hung.
    """
    return max(interval_s, min(IDLE_FACTOR * interval_s, timeout_s / BEATS_IN_TIMEOUT))


class Pulse:
    """Says when the next heartbeat is due."""

    def __init__(self, interval_s: float, idle_s: float) -> None:
        self._interval_s = interval_s
        self._idle_s = idle_s
        self._saved = b""

    def next_s(self, health: Health) -> float:
        """Return how long after this heartbeat the next one is due, in s."""
        # Actors change their checkpoint in place, so it is compared as it is sent.
        saved = msgpack.packb([health.state, health.detail, health.checkpoint])
        before, self._saved = self._saved, saved
        return self._idle_s if saved == before else self._interval_s
