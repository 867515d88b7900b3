"""Results of tools: each call is carried out once, also when another backend takes the turn."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from pipeline.frames import ToolResult, ToolStatus

KEPT_RESULTS = 200
"""Results remembered; a turn with more calls than this would be out of hand anyhow."""


class ToolResults:
    """The results of one session and those who wait for them."""

    def __init__(self) -> None:
        self._results: OrderedDict[str, ToolResult] = OrderedDict()
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    def take(self, result: ToolResult) -> None:
        """A tool is done."""
        self._results[result.call_id] = result
        while len(self._results) > KEPT_RESULTS:
            self._results.popitem(last=False)
        waiting = self._waiting.get(result.call_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(result.response)

    def known(self, turn: str, name: str, call_id: str, used: set[str]) -> dict[str, Any] | None:
        """The result of this call, or of one that was made for the same turn before.

        A backend that takes over a turn asks its model anew, which asks for the same function
        again: the nth call of a function in a turn is the nth, whoever makes it.

        Args:
            turn: The turn being answered.
            name: The function.
            call_id: The call's name in the pipeline.
            used: Calls whose results this answer has; the one returned is added.
        """
        own = self._results.get(call_id)
        if own is not None:
            used.add(call_id)
            return own.response
        for result in self._results.values():
            fits = (result.turn, result.name, result.status) == (turn, name, ToolStatus.OK)
            if fits and result.call_id not in used:
                used.add(result.call_id)
                return result.response
        return None

    async def wait(self, call_id: str) -> dict[str, Any]:
        """Return what the tool answers."""
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = waiting
        try:
            return await waiting
        finally:
            del self._waiting[call_id]
