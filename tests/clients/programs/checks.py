"""What the programs of this folder share: named checks, one line of output each."""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import traceback
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

SPEECH = Path(os.environ["SPEECH_FOLDER"])
PATIENCE_S = 30.0

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


def recording(name: str) -> bytes:
    """PCM16 mono of 16 kHz."""
    with wave.open(str(SPEECH / name)) as file:
        return file.readframes(file.getnframes())


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
