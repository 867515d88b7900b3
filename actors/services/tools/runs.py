"""Runs of tools, each with a time limit, and what came of them in words for a model."""

from __future__ import annotations

import asyncio
from typing import Any

from actors.services.tools.tool import Tool, ToolError
from pipeline.frames import ToolStatus
from pipeline.logs import Logger, redact

MAX_ERROR_CHARS = 4000
"""Of what a tool says is wrong: some 1000 tokens, which the model reads and the user pays for."""
STOP_S = 1.0
"""Until tools at work have let go; a third of what an actor has for its stop (host)."""
INTERRUPTED = "the call was interrupted; it may or may not have happened"


class ToolRuns:
    """Runs tools.

    Args:
        log: The actor's; errors in a tool are written there with their traceback.
    """

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._working: set[asyncio.Task[dict[str, Any]]] = set()

    async def run(
        self, tool: Tool, name: str, args: dict[str, Any], timeout_s: float
    ) -> tuple[ToolStatus, dict[str, Any]]:
        """Run a tool; return how it went, and its result or what is wrong."""
        work = asyncio.get_running_loop().create_task(tool.call(args))
        self._working.add(work)
        work.add_done_callback(self._on_done)
        try:
            await asyncio.wait({work}, timeout=timeout_s)
            return self._outcome(name, work, timeout_s)
        finally:
            work.cancel()

    async def stop(self) -> None:
        """Give up what is under way."""
        for work in self._working:
            work.cancel()
        if self._working:
            await asyncio.wait(self._working, timeout=STOP_S)

    def _outcome(
        self, name: str, work: asyncio.Task[dict[str, Any]], timeout_s: float
    ) -> tuple[ToolStatus, dict[str, Any]]:
        if not work.done():
            return ToolStatus.TIMEOUT, {
                "error": f"no result within {timeout_s:g} s; it may or may not have happened"
            }
        if work.cancelled():
            return ToolStatus.ERROR, {"error": INTERRUPTED}
        error = work.exception()
        if error is None:
            return ToolStatus.OK, work.result()
        if not isinstance(error, ToolError):
            self._log.error("tool failed", tool=name, exc_info=error)
        said = redact(str(error) or type(error).__name__)
        return ToolStatus.ERROR, {"error": said[:MAX_ERROR_CHARS]}

    def _on_done(self, work: asyncio.Task[dict[str, Any]]) -> None:
        """Look at what came of it, so that a late failure is not taken for one of the actor."""
        self._working.discard(work)
        if not work.cancelled():
            work.exception()
