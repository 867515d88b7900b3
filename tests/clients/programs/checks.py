"""What the programs of this folder share: named checks, one line of output each."""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import traceback
import wave
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

SPEECH = Path(os.environ["SPEECH_FOLDER"])
PATIENCE_S = 30.0
BYTES_PER_S = 32_000
SILENCE_S = 2

_checks: list[tuple[str, Callable[[], Any]]] = []


def check(function: Callable[[], Any]) -> Callable[[], Any]:
    """Registers a check, plain or a coroutine; what it returns is shown."""
    _checks.append((function.__name__, function))
    return function


def main() -> None:
    """Runs all checks, or those named as arguments; exit status 1 if one failed."""
    chosen = [each for each in _checks if not sys.argv[1:] or each[0] in sys.argv[1:]]
    failed = sum(not _passes(name, function) for name, function in chosen)
    sys.exit(1 if failed else 0)


async def live_sound(name: str, block_s: float = 0.02) -> AsyncIterator[bytes]:
    """A recording and silence as a microphone gives them: PCM16 mono of 16 kHz, in real time."""
    with wave.open(str(SPEECH / name)) as file:
        pcm = file.readframes(file.getnframes()) + bytes(BYTES_PER_S * SILENCE_S)
    size = round(BYTES_PER_S * block_s)
    for start in range(0, len(pcm), size):
        yield pcm[start : start + size]
        await asyncio.sleep(block_s)


class Changes:
    """Lets a check wait for what others change, who say so."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def tell(self) -> None:
        """Something is different."""
        self._changed.set()

    async def until(self, condition: Callable[[], Any]) -> None:
        """Waits, as long as a check may last."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()


def _passes(name: str, function: Callable[[], Any]) -> bool:
    try:
        shown = function()
        if inspect.iscoroutine(shown):
            shown = asyncio.run(asyncio.wait_for(shown, PATIENCE_S))
    except Exception:
        traceback.print_exc(limit=-6)
        print(f"FAILED {name}", flush=True)
        return False
    print(f"ok {name}: {str(shown)[:160]!r}", flush=True)
    return True
