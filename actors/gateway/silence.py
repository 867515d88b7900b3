"""Silence for callers who were speaking and of whom nothing comes: it ends their turns."""

from __future__ import annotations

import asyncio
from collections import Counter

from actors.gateway.caller import Caller, CallerState
from actors.outputs.metronome import WorkOf

FILL_EVERY_S = 0.1
"""How often it is seen whether a caller who was speaking sends anything."""


class SilenceFiller:
    """Watches those who speak.

    Args:
        work_of: What is done in it is the work of a session, and fails for it alone.
        counters: Where `silence_filled_in` is counted.
    """

    def __init__(self, work_of: WorkOf, counters: Counter[str]) -> None:
        self._work_of = work_of
        self._counters = counters

    def watch(self, caller: Caller) -> None:
        """Watch a caller who begins to speak, until it has stopped."""
        asyncio.get_running_loop().call_later(FILL_EVERY_S, self._look, caller)

    def _look(self, caller: Caller) -> None:
        if caller.speaking and caller.state is not CallerState.GONE:
            with self._work_of(caller.session):
                self._counters["silence_filled_in"] += caller.ear.fill()
            self.watch(caller)
