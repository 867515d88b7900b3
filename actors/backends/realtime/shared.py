"""What the conversations of an actor have in common."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.service import Service
from actors.backends.realtime.status_reporter import Showcase
from actors.backends.realtime.toolbox import Toolbox
from pipeline.actor import Actor


@dataclass(frozen=True)
class Shared:
    """Handed to each conversation.

    Attributes:
        actor: In whose name they speak.
        service: Connects them.
        toolbox: The tools offered.
        showcase: Shows how they are.
        local_turns: The local detector cuts the turns; otherwise the server does.
        serving: Set once everybody listens to what they publish.
    """

    actor: Actor[LiveOptions]
    service: Service
    toolbox: Toolbox
    showcase: Showcase
    local_turns: bool
    serving: asyncio.Event
