"""What the sessions of a backend have in common."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from actors.backends.toolbox import Toolbox
from pipeline.actor import Actor
from pipeline.store import Store


@dataclass(frozen=True)
class Shared:
    """Handed to each session.

    Attributes:
        actor: In whose name they speak.
        store: What outlives the process.
        toolbox: The tools offered.
        serving: Set once everybody listens to what they publish.
    """

    actor: Actor[Any]
    store: Store
    toolbox: Toolbox
    serving: asyncio.Event
