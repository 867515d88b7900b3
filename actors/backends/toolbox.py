"""The tools that are offered to all sessions of a backend."""

from __future__ import annotations

import asyncio
from typing import Any

from pipeline.frames import ToolOffer
from pipeline.logs import Logger

OFFER_PATIENCE_S = 10.0
"""For the tools to be offered before a session is set up without them."""


class Toolbox:
    """Holds the newest offer.

    Args:
        expected: Somebody is connected who will make one.
        log: Of the actor.
        patience_s: For the first offer.
    """

    def __init__(self, expected: bool, log: Logger, patience_s: float = OFFER_PATIENCE_S) -> None:
        self.tools: tuple[dict[str, Any], ...] = ()
        self._expected = expected
        self._offered = asyncio.Event()
        self._log = log
        self._patience_s = patience_s

    def update(self, offer: ToolOffer) -> bool:
        """Note an offer; return whether it is another than the one before."""
        tools = tuple(offer.tools)
        changed = self._offered.is_set() and tools != self.tools
        self.tools = tools
        self._offered.set()
        return changed

    async def ready(self) -> None:
        """Return once there is an offer, or none is to be expected."""
        if not self._expected or self._offered.is_set():
            return
        try:
            await asyncio.wait_for(self._offered.wait(), self._patience_s)
        except TimeoutError:
            # Nobody who comes later waits for it again.
            self._expected = False
            reason = "no tools were offered; connecting without"
            self._log.warning(reason, after_s=self._patience_s)
