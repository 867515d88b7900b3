"""What is kept of callers beyond this process; without a database, nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from actors.gateway.rooms.taken_up import TakenUp
from pipeline.frames import (
    SessionEnded,
    SessionOpened,
    ToolCall,
    ToolCancel,
    ToolResult,
    TurnClosed,
    Usage,
)

if TYPE_CHECKING:
    from actors.gateway.past_sessions import Owns


class Keeping:
    """Told of what happens to sessions; asked when a caller names one that is not open."""

    async def take_up(self, _session: str, _owns: Owns, *, moves: bool) -> TakenUp | None:
        """Return how the conversation of a caller who comes back goes on.

        Args:
            _session: Its name.
            _owns: Whether it is of who asks.
            moves: It is the caller who asks, and is to have it though another room is alive that
                has it still.

        Returns:
            None: there is none to come back to.

        Raises:
            AccessDeniedError: it is somebody else's.
            ElsewhereError: another room has it.
        """
        del moves
        return None

    async def past(self, _session: str) -> Mapping[str, Any] | None:
        """Return what is known of a session that has ended; None: there was none."""
        return None

    def opened(self, manner: SessionOpened) -> None:
        """A session is open, perhaps since before this process began."""

    def present(self, session: str) -> None:
        """Its caller is here."""

    def done(self, session: str, position: int, sound: int | None) -> None:
        """The sound of a session before a position belongs to turns that are over.

        Args:
            session: Its name.
            position: Samples at 16 kHz.
            sound: The same as its client counts what it sends; None: it does not.
        """

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
