"""Table of callers: opened, joined again, let go."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial

from actors.gateway.caller import Caller, CallerState, Publish
from actors.gateway.ear import JUMP_SAMPLES, CallerEar
from actors.gateway.errors import ExpiredSessionError, NoSessionError, RefusedError
from actors.gateway.events import GoingAway, Problem
from actors.gateway.link import CallerLink
from actors.gateway.openings import OPENING_S, Openings
from actors.gateway.past_sessions import Owns, PastSessions, check_own, of_anybody
from actors.gateway.placing import Placing
from actors.gateway.rooms.fence import MOVED, MOVED_CODE
from actors.gateway.rooms.taken_up import TakenUp
from actors.gateway.stays import Later, Stays, StayTimers
from pipeline.frames import Audio, SessionEnd, SessionEnded, SessionOpened

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
        self._run_for = run_for
        self._positions = positions
        self._interrupt = interrupt
        self._name = name
        self._admit = admit
        self._own = own
        self._is_leaving = False
        self._callers: dict[str, Caller] = {}
        self._openings = Openings(self._withdraw)
        self.past = PastSessions()
        self.placing = Placing()
        self._timers = StayTimers(later, stays, self._give_up)

    def __iter__(self) -> Iterator[Caller]:
        return iter(list(self._callers.values()))

    def __len__(self) -> int:
        return len(self._callers)

    @property
    def awaits_some(self) -> bool:
        """Whether some are away, and may come back."""
        callers = self._callers.values()
        return any(each.state is CallerState.AWAY and not each.is_leaving for each in callers)

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
        session = manner.session
        if session == self._own:
            raise RefusedError(f"the name {session!r} is the pipeline's own: choose another")
        if session not in self._callers:
            kept = await self._look_for(session, owns)
            if kept is None:
                manner = manner.model_copy(update={"conversation": uuid.uuid4().hex})
            else:
                manner = kept.manner
            await self.placing.reserve(manner.conversation, comes_back=kept is not None)
            try:
                # Another connection may have been faster, of this caller or of somebody else.
                if session not in self._callers:
                    if kept is None:
                        on_begin()
                    self._begin(manner, 0 if kept is None else kept.position)
                    self._callers[session].sound.taken_up = kept
            finally:
                known = self._callers.get(session)
                if known is None or known.manner.conversation != manner.conversation:
                    self.placing.give_back(manner.conversation)
        caller = self._callers[session]
        if caller.is_leaving:
            # It was told to go, and may have come before the balancer knows.
            self._admit()
        check_own(caller.manner, owns)
        await self._openings.wait_for(session)
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
        if session not in self._callers and session != self._own:
            kept = await self._look_for(session, owns, moves=moves)
            if kept is not None:
                return await self.open(kept.manner, owns)
        try:
            caller = self.get(session)
            check_own(caller.manner, owns)
            return caller
        except (NoSessionError, ExpiredSessionError) as error:
            raise await self.past.explained(error, session, owns) from None

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

    def opened(self, opened: SessionOpened) -> None:
        """Note that a session is open, if it is one of this gateway's.

        One that an earlier process of the gateway brought is away until it connects again.
        """
        session = opened.session
        caller = self._callers.get(session)
        if caller is None and opened.brought_by == self._name:
            caller = self._make(opened, self._positions.get(session, 0) + JUMP_SAMPLES)
            # The supervisor ends it unless it hears that there is somebody for it again.
            self._publish("sessions", opened)
        if caller is None:
            return
        self.past.opened(session)
        self.past.keeping.opened(opened)
        self.placing.hold(opened.conversation)
        caller.manner = opened
        caller.state = CallerState.AWAY
        self._positions[session] = caller.ear.position
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

    def go_away(self) -> None:
        """Open no more sessions, and tell those who are here: the gateway stops."""
        self._is_leaving = True
        for caller in self:
            if caller.sound.is_counted and caller.is_busy:
                caller.invite_away()
            else:
                caller.tell(GoingAway(moves=caller.sound.is_counted))

    def invite_away(self) -> None:
        """Have those go to another room, each between two turns, whose clients can."""
        for caller in self:
            if caller.sound.is_counted and not caller.is_leaving:
                caller.invite_away()

    def stay(self) -> None:
        """Whoever has not gone yet may stay."""
        for caller in self:
            caller.is_leaving = False

    def close(self) -> None:
        """Let go of all of them: the gateway stops."""
        for caller in self:
            self._forget(caller.session)
            caller.leave("the gateway is going down")

    def status(self) -> Mapping[str, int]:
        """Return how many are in each state."""
        states = [caller.state for caller in self]
        return {state.name.lower(): states.count(state) for state in CallerState}

    async def _look_for(self, session: str, owns: Owns, *, moves: bool = True) -> TakenUp | None:
        """Return a conversation to be taken up here, where there is a place for it."""
        if self._is_leaving:
            raise RefusedError("the gateway is going down: try again soon")
        self._admit()
        return await self.past.look_for(session, owns, moves=moves)

    def _begin(self, manner: SessionOpened, position: int) -> None:
        """Ask the supervisor for a session."""
        manner = manner.model_copy(update={"brought_by": self._name})
        self._make(manner, position)
        self._openings.begin(manner.session)
        self._publish("sessions", manner)

    def _make(self, manner: SessionOpened, position: int) -> Caller:
        session = manner.session

        def publish_audio(frame: Audio) -> None:
            # A file may be decoded to its end after its caller has gone.
            if self._callers.get(session) is caller:
                self._publish("audio", frame)
                self._positions[session] = frame.position

        def tell_problem(text: str) -> None:
            caller.tell(Problem(text))

        soon = partial(self._run_for, session)
        ear = CallerEar(session, publish_audio, soon, tell_problem, position)
        interrupt = partial(self._interrupt, session)
        self._callers[session] = caller = Caller(manner, ear, self._publish, interrupt)
        return caller

    def _give_up(self, caller: Caller, detail: str) -> None:
        if self._callers.get(caller.session) is caller:
            self.end(caller.session, SessionEnd.HUNG_UP, detail)

    def _withdraw(self, session: str) -> None:
        """Want a session no more that was asked for."""
        self.end(session, SessionEnd.HUNG_UP, f"it could not be opened in {OPENING_S:g} s")
        self._forget(session)

    def _forget(self, session: str) -> Caller | None:
        self._timers.forget(session)
        self._positions.pop(session, None)
        caller = self._callers.pop(session, None)
        if caller is not None:
            self.placing.give_back(caller.manner.conversation)
        return caller
