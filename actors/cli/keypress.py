"""Waits for a line on standard input: Enter, or what another program writes."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Self

from actors.inputs.console.lines import LineReader

STDIN_FD = 0


class Keypress:
    """Reads standard input from `async with` on; needs a running loop."""

    async def __aenter__(self) -> Self:
        self._lines: asyncio.Queue[bool] = asyncio.Queue()
        self._ended = False
        self._reader = LineReader(os.dup(STDIN_FD), self._on_line, self._on_end)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._reader.close()

    async def wait(self, what: str) -> bool:
        """Say what comes next and wait for a line; return False once there is none any more."""
        if self._ended:
            return False
        hint = ": Enter" if sys.stdin.isatty() else ""
        print(f"next: {what}{hint}", flush=True)  # noqa: T201
        if await self._lines.get():
            self._reader.taken()
        else:
            self._ended = True
        return True

    def _on_line(self, _line: str) -> None:
        self._lines.put_nowait(True)

    def _on_end(self, _error: OSError | None) -> None:
        self._lines.put_nowait(False)
