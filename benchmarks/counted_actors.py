"""Actors of the room that count what an operator would not ask for: tasks and objects."""

from __future__ import annotations

import asyncio
import gc

from actors.backends.gemini.http import Http
from actors.backends.gemini.live.actor import Live
from actors.gateway.actor import Gateway

TASKS, OBJECTS = "tasks", "objects"
"""Gauges: asyncio's, and Python's that may be part of a cycle. Counted once a heartbeat."""


def _count(gauges: dict[str, float]) -> None:
    gauges[TASKS] = len(asyncio.all_tasks())
    gauges[OBJECTS] = len(gc.get_objects())


class CountedGateway(Gateway):
    """The gateway."""

    def measure(self) -> None:
        """Count."""
        super().measure()
        _count(self.gauges)


class CountedLive(Live):
    """The live backend."""

    def measure(self) -> None:
        """Count."""
        super().measure()
        _count(self.gauges)


class CountedHttp(Http):
    """The backend over HTTP."""

    def measure(self) -> None:
        """Count."""
        super().measure()
        _count(self.gauges)
