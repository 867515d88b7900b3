"""Nobody is in the room."""

from __future__ import annotations


class NoGuests:
    """Callers that are not there."""

    def invite_away(self) -> None:
        """Nobody goes."""

    def stay(self) -> None:
        """Nobody stays."""
