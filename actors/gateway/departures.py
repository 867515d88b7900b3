"""Who is asked to go elsewhere: the gateway stops, or its room is to be empty."""

from __future__ import annotations

from collections.abc import Callable, Collection

from actors.gateway.caller import Caller, CallerState
from actors.gateway.events import GoingAway


class Departures:
    """Asks callers to go; each goes by itself.

    Args:
        callers: Returns those who are here.
    """

    def __init__(self, callers: Callable[[], Collection[Caller]]) -> None:
        self._callers = callers
        self.is_stopping = False
        """The gateway stops: nobody new is served."""

    @property
    def some_may_return(self) -> bool:
        """Whether some are away who were not asked to go."""
        return any(
            each.state is CallerState.AWAY and not each.is_leaving for each in self._callers()
        )

    def stop(self) -> None:
        """The gateway stops: all are told, those who lose no sound by it between two turns."""
        self.is_stopping = True
        for caller in self._callers():
            if caller.sound.is_counted and caller.is_busy:
                caller.invite_away()
            else:
                caller.tell(GoingAway(moves=caller.sound.is_counted))

    def invite_away(self) -> None:
        """Have those go to another room, each between two turns, whose clients can."""
        for caller in self._callers():
            if caller.sound.is_counted and not caller.is_leaving:
                caller.invite_away()

    def stay(self) -> None:
        """Whoever has not gone yet may stay."""
        for caller in self._callers():
            caller.is_leaving = False
