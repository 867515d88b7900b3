"""What the sessions of an actor have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors.backends.realtime.health_summary import HealthSummary
from actors.backends.realtime.link import Service
from actors.backends.realtime.toolbox import Toolbox
from pipeline.actor import Actor
from pipeline.store import Store


@dataclass(frozen=True)
class Shared:
    """Handed to each session.

    Attributes:
        actor: In whose name they speak.
        service: Connects them.
        toolbox: The tools offered.
        summary: Of how they are.
        store: What outlives the process.
        local_turns: The local detector cuts the turns; otherwise the server does.
        serving: Set once everybody listens to what they publish.
        refuse: Ends the session of that name, which cannot be had as asked, and says why.
    """

    actor: Actor[Any]
    service: Service[Any]
    toolbox: Toolbox
    summary: HealthSummary
    store: Store
    local_turns: bool
    serving: asyncio.Event
    refuse: Callable[[str, str], None]
