"""Where a caller of a crowd is."""

from __future__ import annotations

from enum import Enum, auto


class Stay(Enum):
    """Where a caller is."""

    COMING = auto()
    PRESENT = auto()
    AWAY = auto()
    """Lost the connection and will come back."""
    REFUSED = auto()
    GONE = auto()
