"""How long another thread of the process may keep the event loop waiting."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_S = 0.0005
"""Python's own is 5 ms. The loop lets go of the interpreter with each block of sound that it reads
or writes, and a thread that writes rows or decodes sound would keep it for so long each time: a
quarter of what a block may be late."""


@contextmanager
def quick_switches() -> Iterator[None]:
    """Have threads give way to one another soon; in the whole process, until the end of this."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(min(before_s, SWITCH_S))
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)
