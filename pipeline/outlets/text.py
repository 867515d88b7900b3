"""Outlet as a text file: what takes the place of standard output and error."""

from __future__ import annotations

import io
from typing import Any

from pipeline.outlets.outlet import Outlet


class OutletBytes(io.RawIOBase):
    """Hands all that is written to an outlet.

    Args:
        outlet: Where it goes.
        is_terminal: Whether the outlet writes to one.
    """

    def __init__(self, outlet: Outlet, *, is_terminal: bool = False) -> None:
        super().__init__()
        self.outlet = outlet
        self._is_terminal = is_terminal

    @property
    def name(self) -> str:
        """Of the outlet."""
        return self.outlet.name

    def writable(self) -> bool:
        """It is."""
        return True

    def isatty(self) -> bool:
        """Whether the outlet writes to a terminal."""
        return self._is_terminal

    def write(self, data: Any) -> int:
        """Take it."""
        taken = bytes(data)
        self.outlet.put(taken)
        return len(taken)


def outlet_text(
    outlet: Outlet, encoding: str = "utf-8", *, is_terminal: bool = False
) -> io.TextIOWrapper:
    """Return a text file that hands whole lines to an outlet; `?` for what the encoding lacks."""
    raw = OutletBytes(outlet, is_terminal=is_terminal)
    return io.TextIOWrapper(raw, encoding, errors="replace", line_buffering=True)


def outlet_of(file: Any) -> Outlet | None:
    """Return what a text file hands its lines to, if that is an outlet."""
    raw = getattr(file, "buffer", None)
    return raw.outlet if isinstance(raw, OutletBytes) else None
