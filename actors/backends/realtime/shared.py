"""What the sessions of a realtime backend have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actors.backends.backend import Backend
from actors.backends.realtime.health_summary import HealthSummary
from actors.backends.realtime.link import Service
from actors.backends.shared import Shared


@dataclass(frozen=True)
class RealtimeShared(Shared):
    """Handed to each session.

    Attributes:
        service: Connects them.
        summary: Of how they are.
        local_turns: The local detector cuts the turns; otherwise the server does.
    """

    actor: Backend[Any]
    service: Service[Any]
    summary: HealthSummary
    local_turns: bool
