"""Table of callers: opened, joined again, let go; what is remembered of those that are gone."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.caller import Caller, CallerState, Publish
from actors.gateway.ear import JUMP_SAMPLES, CallerEar
from actors.gateway.errors import ExpiredSessionError, NoSessionError, RefusedError
from actors.gateway.events import GoingAway, Problem
from actors.gateway.keeping import Keeping
from actors.gateway.link import ClientLink
from actors.gateway.stays import Later, Stays, StayTimers
from pipeline.frames import SessionEnd, SessionEnded, SessionOpened

OPENING_S = 10.0
"""How long the supervisor may take to open a session: it has been seen to take a second."""
MOST_REMEMBERED = 10_000
"""Conversations that are over, whose callers are told so: a day's of a busy machine, 2 MB."""

Owns = Callable[[str, Mapping[str, str]], bool]
"""Whether a session of this name, with these labels, is one's own."""


def of_anybody(_session: str, _labels: Mapping[str, str]) -> bool:
    """Whoever asks may have every session."""
    return True


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
        own: str = "",
    ) -> None:
        self._publish = publish
        self._run_for = run_for
        self._positions = positions
        self._interrupt = interrupt
        self._name = name
        self._own = own
        self._is_leaving = False
        self._callers: dict[str, Caller] = {}
        self._opening: dict[str, asyncio.Future[str]] = {}
        """Of sessions that are asked for: done with why not, or with nothing if they are open."""
        self._over: dict[str, SessionEnded] = {}
        self._looking: dict[str, asyncio.Task[SessionOpened | None]] = {}
        """For conversations that callers come back to."""
        self._taken_up: dict[str, SessionOpened] = {}
        """Those that were found, and are not open yet."""
        self.keeping = Keeping()
        """What is told of sessions, and knows those of before."""
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
        ended = self._over.get(session)
        if ended is not None:
            raise ExpiredSessionError(f"the session {session!r} is over: {ended.detail}")
        raise NoSessionError(f"there is no session {session!r}: start one")

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
            AccessDeniedError: there is one already, and it is somebody else's.
        """
        session = manner.session
        if session == self._own:
            raise RefusedError(f"the name {session!r} is the pipeline's own: choose another")
        caller = self._callers.get(session)
        if caller is None and self._is_leaving:
            raise RefusedError("the gateway is going down: try again soon")
        if caller is None:
            kept = await self._look_for(session, owns)
            # Another connection may have been faster, of this caller or of somebody else.
            if kept is None and session not in self._callers:
                on_begin()
            caller = self._callers.get(session) or self._begin(kept or manner)
        _check_own(caller.manner, owns)
        opening = self._opening.get(session)
        if opening is not None:
            try:
                async with asyncio.timeout(OPENING_S):
                    refusal = await asyncio.shield(opening)
            except TimeoutError:
                self._withdraw(session, opening)
                raise RefusedError("the pipeline does not answer: try again later") from None
            if refusal:
                raise RefusedError(refusal)
        return caller

    async def come_back(self, session: str, owns: Owns = of_anybody) -> Caller:
        """Return a caller who is not gone, also one whom a pipeline of before has served.

        Raises:
            NoSessionError, ExpiredSessionError: there is none, or none any more.
            RefusedError: it cannot be opened again now.
            AccessDeniedError: it is somebody else's.
        """
        if session not in self._callers:
            kept = await self._look_for(session, owns)
            if kept is not None:
                return await self.open(kept, owns)
        try:
            caller = self.get(session)
            _check_own(caller.manner, owns)
            return caller
        except (NoSessionError, ExpiredSessionError) as error:
            past = await self.keeping.past(session)
            if past is None or not owns(session, past["labels"]):
                raise
            why = past["detail"] or past["reason"]
            known = str(error) if isinstance(error, ExpiredSessionError) else ""
            text = known or f"the session {session!r} is over: {why}"
            raise ExpiredSessionError(text, {"state": "ended", **past}) from None

    def end(self, session: str, reason: SessionEnd, detail: str) -> None:
        """Ask for the end of a session, also of one that is being opened.

        Raises:
            NoSessionError, ExpiredSessionError: there is none, or none any more.
        """
        if session not in self._callers:
            self.get(session)
        ended = SessionEnded(session=session, reason=reason, detail=detail)
        self._publish("sessions", ended)

    def opened(self, opened: SessionOpened) -> Caller | None:
        """Note that a session is open; return its caller, if it is one of this gateway's.

        One that an earlier process of the gateway brought is away until it connects again.
        """
        session = opened.session
        caller = self._callers.get(session)
        if caller is None and opened.brought_by == self._name:
            caller = self._make(opened, self._positions.get(session, 0) + JUMP_SAMPLES)
            # The supervisor ends it unless it hears that there is somebody for it again.
            self._publish("sessions", opened)
        if caller is None:
            return None
        self._over.pop(session, None)
        self._taken_up.pop(session, None)
        caller.manner = opened
        self.keeping.opened(opened)
        caller.state = CallerState.AWAY
        self._positions[session] = caller.ear.position
        self._timers.wait_for(caller)
        self._timers.warn(caller, opened)
        opening = self._opening.pop(session, None)
        if opening is not None and not opening.done():
            opening.set_result("")
        return caller

    def ended(self, ended: SessionEnded) -> None:
        """Let go of a caller, after it was told why."""
        session = ended.session
        opening = self._opening.pop(session, None)
        caller = self._forget(session)
        if caller is None:
            return
        self.keeping.ended(ended)
        if opening is not None:
            if not opening.done():
                # No exception: whoever waited for it may have gone away.
                opening.set_result(ended.detail or ended.reason.value)
            return
        self._over[session] = ended
        if len(self._over) > MOST_REMEMBERED:
            del self._over[next(iter(self._over))]
        caller.tell(ended)
        caller.leave(ended.detail or ended.reason.value)

    def connect(self, caller: Caller, link: ClientLink) -> None:
        """Let a caller be heard and told over a connection.

        Raises:
            ExpiredSessionError: its session has ended meanwhile.
        """
        self.get(caller.session)
        self._timers.stop_waiting(caller.session)
        caller.connect(link)
        self.keeping.present(caller.session)

    def disconnect(self, caller: Caller, link: ClientLink) -> None:
        """Note that a connection is gone; the caller may come back for a while."""
        if caller.disconnect(link):
            self._timers.wait_for(caller)
            self.keeping.away(caller.session)

    def go_away(self) -> None:
        """Open no more sessions, and tell those who are here: the gateway stops."""
        self._is_leaving = True
        for caller in self:
            caller.tell(GoingAway())

    def close(self) -> None:
        """Let go of all of them: the gateway stops."""
        for caller in self:
            self._forget(caller.session)
            caller.leave("the gateway is going down")

    def status(self) -> Mapping[str, int]:
        """Return how many are in each state."""
        states = [caller.state for caller in self]
        return {state.name.lower(): states.count(state) for state in CallerState}

    def _begin(self, manner: SessionOpened) -> Caller:
        """Ask the supervisor for a session."""
        session = manner.session
        given = {
            "brought_by": self._name,
            "conversation": manner.conversation or uuid.uuid4().hex,
        }
        manner = manner.model_copy(update=given)
        caller = self._make(manner, 0)
        self._opening[session] = asyncio.get_running_loop().create_future()
        self._publish("sessions", manner)
        return caller

    async def _look_for(self, session: str, owns: Owns) -> SessionOpened | None:
        """Return how the conversation of a pipeline of before is opened; None: there is none.

        It is asked for once, however many want it: who asks takes it up.

        Raises:
            AccessDeniedError: it is somebody else's.
        """
        if session in self._over or session == self._own:
            return None
        if session not in self._taken_up:
            looking = self._looking.get(session)
            if looking is None:
                looking = self._looking[session] = asyncio.create_task(self._take_up(session))
            await asyncio.shield(looking)
        kept = self._taken_up.get(session)
        if kept is not None:
            _check_own(kept, owns)
        return kept

    async def _take_up(self, session: str) -> None:
        try:
            kept = await self.keeping.take_up(session)
        finally:
            del self._looking[session]
        if kept is not None:
            # Whoever asked may have gone away meanwhile, or be refused: it is asked for only once.
            self._taken_up[session] = kept

    def _make(self, manner: SessionOpened, position: int) -> Caller:
        session = manner.session

        def publish_audio(frame: Any) -> None:
            # A file may be decoded to its end after its caller has gone.
            if self._callers.get(session) is caller:
                self._publish("audio", frame)
                self._positions[session] = frame.position

        def tell_problem(text: str) -> None:
            caller.tell(Problem(text))

        def soon(work: Callable[[], None]) -> None:
            self._run_for(session, work)

        ear = CallerEar(session, publish_audio, soon, tell_problem, position)
        self._callers[session] = caller = Caller(
            manner, ear, self._publish, lambda: self._interrupt(session)
        )
        return caller

    def _give_up(self, caller: Caller, detail: str) -> None:
        if self._callers.get(caller.session) is caller:
            self.end(caller.session, SessionEnd.HUNG_UP, detail)

    def _withdraw(self, session: str, opening: asyncio.Future[str]) -> None:
        """Wait no more for a session to be opened, and want it no more."""
        if self._opening.get(session) is opening:
            del self._opening[session]
            self._forget(session)
            detail = f"it could not be opened in {OPENING_S:g} s"
            ended = SessionEnded(session=session, reason=SessionEnd.HUNG_UP, detail=detail)
            self._publish("sessions", ended)

    def _forget(self, session: str) -> Caller | None:
        self._timers.forget(session)
        self._positions.pop(session, None)
        return self._callers.pop(session, None)


def _check_own(manner: SessionOpened, owns: Owns) -> None:
    if not owns(manner.session, manner.labels):
        raise AccessDeniedError(
            Denial.NOT_YOURS,
            f"the session {manner.session!r} is somebody else's: choose another name",
        )
