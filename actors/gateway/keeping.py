"""What is kept of callers beyond this process; without a database, nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.frames import (
    SessionEnded,
    SessionOpened,
    ToolCall,
    ToolCancel,
    ToolResult,
    TurnClosed,
    Usage,
)


class Keeping:
    """Told of what happens to sessions; asked when a caller names one that is not open."""

    async def take_up(self, _session: str) -> SessionOpened | None:
        """Return how the conversation of a caller who comes back is to be opened.

        None: there is none to come back to.
        """
        return None

    async def past(self, _session: str) -> Mapping[str, Any] | None:
        """Return what is known of a session that has ended; None: there was none."""
        return None

    def opened(self, manner: SessionOpened) -> None:
        """A session is open, perhaps since before this process began."""

    def present(self, session: str) -> None:
        """Its caller is here."""

    def away(self, session: str) -> None:
        """Its caller is away since now."""

    def ended(self, ended: SessionEnded) -> None:
        """A session is over."""

    def turn_closed(self, closed: TurnClosed) -> None:
        """A turn has its outcome."""

    def called(self, frame: ToolCall | ToolCancel | ToolResult) -> None:
        """A function was asked for, or has returned, or is wanted no more."""

    def used(self, usage: Usage) -> None:
        """An answer was billed."""
