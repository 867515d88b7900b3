"""Table of callers: opened, joined again, let go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from actors.gateway.caller import Caller, CallerState, Publish
from actors.gateway.departures import Departures
from actors.gateway.entrance import Entrance
from actors.gateway.link import CallerLink
from actors.gateway.openings import OPENING_S, Openings
from actors.gateway.past_sessions import PastSessions
from actors.gateway.placing import Placing
from actors.gateway.rooms.fence import MOVED, MOVED_CODE
from actors.gateway.rooms.taken_up import TakenUp
from actors.gateway.stays import Later, Stays, StayTimers
from actors.gateway.time_lines import TimeLines
from pipeline.frames import SessionEnd, SessionEnded, SessionOpened

END_PATIENCE_S = 2.0
"""For the supervisor to say that a session is over; it takes milliseconds."""


class Callers:
    """Those whose sessions this gateway brought.

    Args:
        publish: Sends a frame on a port of the gateway.
        later: Runs something after so many seconds, on the event loop.
        run_for: Runs something, from any thread, on the event loop, as the work of a session.
        stays: How long they stay.
        positions: Where each one's time line was, of an earlier process; kept up to date.
        interrupt: Ends the answer that a session hears.
        name: Of the gateway.
        admit: Raises where nobody new is taken now.
        own: Name of the config's own session, which nobody else may have.
    """

    def __init__(
        self,
        publish: Publish,
        later: Later,
        run_for: Callable[[str, Callable[[], None]], None],
        stays: Stays,
        positions: dict[str, int],
        interrupt: Callable[[str], None],
        name: str,
        admit: Callable[[], None],
        own: str = "",
    ) -> None:
        self._publish = publish
        self._name = name
        self._callers: dict[str, Caller] = {}
        self._lines = TimeLines(publish, run_for, positions, interrupt, self._is_here)
        self.departures = Departures(lambda: [*self])
        self._openings = Openings(self._withdraw)
        self.past = PastSessions()
        self.placing = Placing()
        self.entrance = Entrance(self, admit, own)
        self._timers = StayTimers(later, stays, self._give_up)

    def __iter__(self) -> Iterator[Caller]:
        return iter(list(self._callers.values()))

    def __len__(self) -> int:
        return len(self._callers)

    def find(self, session: str) -> Caller | None:
        """Return a caller who is not gone."""
        return self._callers.get(session)

    def get(self, session: str) -> Caller:
        """Return a caller who is not gone.

        Raises:
            NoSessionError, ExpiredSessionError: there is none, or none any more.
        """
        caller = self._callers.get(session)
        if caller is not None and caller.state is not CallerState.OPENING:
            return caller
        raise self.past.why_not(session)

    def end(self, session: str, reason: SessionEnd, detail: str) -> None:
        """Ask for the end of a session, also of one that is being opened.

        Raises:
            NoSessionError, ExpiredSessionError: there is none, or none any more.
        """
        if session not in self._callers:
            raise self.past.why_not(session)
        self._publish("sessions", SessionEnded(session=session, reason=reason, detail=detail))

    async def until_over(self, session: str) -> None:
        """Return once a session that was asked to end has ended; soon in any case."""
        caller = self._callers.get(session)
        if caller is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(END_PATIENCE_S):
                    await caller.over.wait()

    def begin(self, manner: SessionOpened, kept: TakenUp | None) -> None:
        """Ask the supervisor for a session.

        Args:
            manner: As which it is opened.
            kept: The conversation of another pipeline that goes on in it; None: it is a new one.
        """
        manner = manner.model_copy(update={"brought_by": self._name})
        caller = self._lines.make(manner, 0 if kept is None else kept.position)
        caller.sound.taken_up = kept
        self._callers[manner.session] = caller
        self._openings.begin(manner.session)
        self._publish("sessions", manner)

    async def until_open(self, session: str) -> None:
        """Return once a session that was begun is open; at once if it is.

        Raises:
            RefusedError: it cannot be opened, and why.
        """
        await self._openings.wait_for(session)

    def opened(self, opened: SessionOpened) -> None:
        """Note that a session is open, if it is one of this gateway's.

        One that an earlier process of the gateway brought is away until it connects again.
        """
        session = opened.session
        caller = self._callers.get(session)
        if caller is None and opened.brought_by == self._name:
            caller = self._callers[session] = self._lines.make(opened)
            # The supervisor ends it unless it hears that there is somebody for it again.
            self._publish("sessions", opened)
        if caller is None:
            return
        self.past.opened(session)
        self.past.keeping.opened(opened)
        self.placing.hold(opened.conversation)
        caller.manner = opened
        caller.state = CallerState.AWAY
        self._lines.begin(caller)
        self._timers.wait_for(caller)
        self._timers.warn(caller, opened)
        self._openings.settle(session)

    def ended(self, ended: SessionEnded) -> None:
        """Let go of a caller, after it was told why."""
        why = ended.detail or ended.reason.value
        was_opening = self._openings.settle(ended.session, why)
        caller = self._forget(ended.session)
        if caller is None:
            return
        self.past.keeping.ended(ended)
        if was_opening:
            return
        self.past.ended(ended)
        caller.tell(ended)
        caller.leave(why)

    def move(self, session: str) -> None:
        """Fall silent: another room has taken the conversation up, and its caller is there."""
        caller = self._forget(session)
        if caller is None:
            return
        self._openings.settle(session, MOVED)
        caller.leave(MOVED, MOVED_CODE)
        frame = SessionEnded(session=session, reason=SessionEnd.MOVED, detail=MOVED)
        self._publish("sessions", frame)

    def connect(self, caller: Caller, link: CallerLink) -> None:
        """Let a caller be heard and told over a connection.

        Raises:
            ExpiredSessionError: its session has ended meanwhile.
        """
        self.get(caller.session)
        self._timers.stop_waiting(caller.session)
        caller.connect(link)
        self.past.keeping.present(caller.session)

    def disconnect(self, caller: Caller, link: CallerLink) -> None:
        """Note that a connection is gone; the caller may come back for a while."""
        if caller.disconnect(link):
            self._timers.wait_for(caller)
            self.past.keeping.away(caller.session)

    def close(self) -> None:
        """Let go of all of them: the gateway stops."""
        for caller in self:
            self._forget(caller.session)
            caller.leave("the gateway is going down")

    def status(self) -> Mapping[str, int]:
        """Return how many are in each state."""
        states = [caller.state for caller in self]
        return {state.name.lower(): states.count(state) for state in CallerState}

    def _is_here(self, caller: Caller) -> bool:
        return self._callers.get(caller.session) is caller

    def _give_up(self, caller: Caller, detail: str) -> None:
        if self._is_here(caller):
            self.end(caller.session, SessionEnd.HUNG_UP, detail)

    def _withdraw(self, session: str) -> None:
        """Want a session no more that was asked for."""
        self.end(session, SessionEnd.HUNG_UP, f"it could not be opened in {OPENING_S:g} s")
        self._forget(session)

    def _forget(self, session: str) -> Caller | None:
        self._timers.forget(session)
        self._lines.forget(session)
        caller = self._callers.pop(session, None)
        if caller is not None:
            self.placing.give_back(caller.manner.conversation)
        return caller
