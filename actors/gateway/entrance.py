"""How a caller gets in: a session is opened, joined, or taken up from another pipeline."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.gateway.caller import Caller
from actors.gateway.errors import ExpiredSessionError, NoSessionError, RefusedError
from actors.gateway.past_sessions import Owns, check_own, of_anybody
from actors.gateway.rooms.taken_up import TakenUp
from pipeline.frames import SessionOpened

if TYPE_CHECKING:
    from actors.gateway.callers import Callers


class Entrance:
    """Lets callers in.

    Args:
        callers: Those who are here.
        admit: Raises where nobody new is taken now.
        own: Name of the config's own session, which nobody else may have.
    """

    def __init__(self, callers: Callers, admit: Callable[[], None], own: str) -> None:
        self._callers = callers
        self._admit = admit
        self._own = own

    async def open(
        self,
        manner: SessionOpened,
        owns: Owns = of_anybody,
        on_begin: Callable[[], None] = lambda: None,
    ) -> Caller:
        """Open a session; one that is open already is returned as it is.

        A conversation of this name that a pipeline of before held goes on where it was.

        Args:
            manner: As which it is opened if it is new.
            owns: Whether a session is of who asks.
            on_begin: Called before a new one is begun; raises if who asks may not.

        Raises:
            RefusedError: it cannot be opened, and why.
            AccessDeniedError: there is one already, and it is somebody else's; or there is no place
                for a new one.
        """
        session, callers = manner.session, self._callers
        if session == self._own:
            raise RefusedError(f"the name {session!r} is the pipeline's own: choose another")
        if callers.find(session) is None:
            kept = await self._look_for(session, owns)
            if kept is None:
                manner = manner.model_copy(update={"conversation": uuid.uuid4().hex})
            else:
                manner = kept.manner
            await callers.placing.reserve(manner.conversation, comes_back=kept is not None)
            try:
                # Another connection may have been faster, of this caller or of somebody else.
                if callers.find(session) is None:
                    if kept is None:
                        on_begin()
                    callers.begin(manner, kept)
            finally:
                known = callers.find(session)
                if known is None or known.manner.conversation != manner.conversation:
                    callers.placing.give_back(manner.conversation)
        caller = callers.find(session)
        assert caller is not None
        if caller.is_leaving:
            # It was told to go, and may have come before the balancer knows.
            self._admit()
        check_own(caller.manner, owns)
        await callers.until_open(session)
        return caller

    async def come_back(
        self, session: str, owns: Owns = of_anybody, *, moves: bool = True
    ) -> Caller:
        """Return a caller who is not gone, also one whom another pipeline has served.

        Args:
            session: Of the caller.
            owns: Whether a session is of who asks.
            moves: It is the caller, who is here now: see `Keeping.take_up`.

        Raises:
            ElsewhereError: another room has it.
            NoSessionError, ExpiredSessionError: there is none, or none any more.
            RefusedError: it cannot be opened again now.
            AccessDeniedError: it is somebody else's.
        """
        callers = self._callers
        if callers.find(session) is None and session != self._own:
            kept = await self._look_for(session, owns, moves=moves)
            if kept is not None:
                return await self.open(kept.manner, owns)
        try:
            caller = callers.get(session)
            check_own(caller.manner, owns)
            return caller
        except (NoSessionError, ExpiredSessionError) as error:
            raise await callers.past.explained(error, session, owns) from None

    async def _look_for(self, session: str, owns: Owns, *, moves: bool = True) -> TakenUp | None:
        """Return a conversation to be taken up here, where there is a place for it."""
        if self._callers.departures.is_stopping:
            raise RefusedError("the gateway is going down: try again soon")
        self._admit()
        return await self._callers.past.look_for(session, owns, moves=moves)
