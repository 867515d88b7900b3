"""Import blocking: import a library as if another, which it would load, were not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(module: str) -> Iterator[None]:
    """Let an import of `module` fail within this block, as where it is not installed.

    What was imported of it before stays for others. Not while another thread imports.
    """
    before = sys.modules.get(module)
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if before is None:
            del sys.modules[module]
        else:
            sys.modules[module] = before
