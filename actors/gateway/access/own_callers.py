"""Callers as one who asks sees them: its own, and as many as it may have."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from actors.gateway.access.addresses import limited_as
from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.access.load import FREE_AGAIN_S, Load
from actors.gateway.access.principal import CREDENTIAL, TOKEN, Principal
from actors.gateway.access.redemptions import Redemptions, check_session
from actors.gateway.access.session_limits import SessionLimits
from actors.gateway.caller import Caller
from actors.gateway.callers import Callers
from actors.gateway.errors import CallerError
from actors.gateway.link import ClientLink
from actors.gateway.past_sessions import check_own
from pipeline.frames import SessionEnd, SessionOpened


@dataclass(frozen=True)
class Beginnings:
    """What is remembered of sessions that were begun, for everybody.

    Attributes:
        limits: How many there may be.
        redemptions: Of tokens.
        load: Of the machine.
        on_denied: Counts those that were refused.
    """

    limits: SessionLimits
    redemptions: Redemptions
    load: Load
    on_denied: Callable[[Denial], None] = lambda _: None


class OwnCallers:
    """The callers of one who asks: a session belongs to the credential that began it.

    Args:
        callers: All callers.
        principal: Who asks.
        beginnings: What is remembered for everybody.
    """

    def __init__(self, callers: Callers, principal: Principal, beginnings: Beginnings) -> None:
        self._callers = callers
        self._beginnings = beginnings
        self.principal = principal

    def __iter__(self) -> Iterator[Caller]:
        return (each for each in self._callers if self._owns(each))

    def find(self, session: str) -> Caller | None:
        """Return a caller of its own who is not gone."""
        caller = self._callers.find(session)
        return caller if caller is not None and self._owns(caller) else None

    def get(self, session: str) -> Caller:
        """Return a caller of its own who is not gone.

        Raises:
            NoSessionError, ExpiredSessionError: there is none, or none any more.
            AccessDeniedError: it is somebody else's.
        """
        caller = self._callers.get(session)
        with self._counting():
            check_own(caller.manner, self.principal.owns)
        return caller

    async def open(self, manner: SessionOpened) -> Caller:
        """Open a session, or come back to one of its own that is open.

        Raises:
            RefusedError: it cannot be opened, and why.
            AccessDeniedError: it may not be begun, or is somebody else's.
        """
        session, token = manner.session, self.principal.token
        begun = False

        def begin() -> None:
            nonlocal begun
            self._check_room()
            if token is not None:
                self._beginnings.redemptions.begin(token, session)
            begun = True

        own = {CREDENTIAL, TOKEN}
        given = {name: text for name, text in manner.labels.items() if name not in own}
        manner = manner.model_copy(update={"labels": given | self.principal.labels()})
        with self._counting():
            check_session(token, session)
            try:
                caller = await self._callers.entrance.open(manner, self.principal.owns, begin)
            except CallerError:
                if begun and token is not None:
                    self._beginnings.redemptions.give_back(token, session)
                raise
        caller.address = self.principal.address
        return caller

    async def come_back(self, session: str, *, moves: bool = True) -> Caller:
        """Return a caller of its own who is not gone, of now or of another pipeline.

        Args:
            session: Of the caller.
            moves: It is the caller, who is here now.

        Raises:
            NoSessionError, ExpiredSessionError, RefusedError, ElsewhereError: as `Entrance` does.
            AccessDeniedError: it is somebody else's.
        """
        with self._counting():
            check_session(self.principal.token, session)
            return await self._callers.entrance.come_back(session, self.principal.owns, moves=moves)

    def end(self, session: str, reason: SessionEnd, detail: str) -> None:
        """Ask for the end of a session of its own, also of one that is being opened.

        Raises:
            NoSessionError, ExpiredSessionError, AccessDeniedError: as of `get`.
        """
        caller = self._callers.find(session)
        if caller is not None:
            with self._counting():
                check_own(caller.manner, self.principal.owns)
        self._callers.end(session, reason, detail)

    def connect(self, caller: Caller, link: ClientLink) -> None:
        """Let a caller be heard and told over a connection; raises as that of `Callers`."""
        caller.address = self.principal.address
        self._callers.connect(caller, link)

    def disconnect(self, caller: Caller, link: ClientLink) -> None:
        """Note that a connection is gone; the caller may come back for a while."""
        self._callers.disconnect(caller, link)

    def _owns(self, caller: Caller) -> bool:
        return self.principal.owns(caller.session, caller.manner.labels)

    def _check_room(self) -> None:
        if self._beginnings.load.is_too_high:
            raise AccessDeniedError(
                Denial.OVERLOADED,
                "those who are served now are served late, and nobody new is: try again later",
                FREE_AGAIN_S,
            )
        who, others = self.principal, list(self._callers)
        address = limited_as(who.address)
        self._beginnings.limits.begin(
            who.credential,
            who.address,
            sum(each.manner.labels.get(CREDENTIAL, "") == who.credential for each in others),
            sum(limited_as(each.address) == address for each in others),
            time.monotonic(),
        )

    @contextmanager
    def _counting(self) -> Iterator[None]:
        try:
            yield
        except AccessDeniedError as error:
            self._beginnings.on_denied(error.denial)
            raise
