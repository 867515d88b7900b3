"""Callers whose sessions are opened at once, for what is fuzzed without a gateway around it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial

from actors.gateway.access.limit_options import LimitOptions
from actors.gateway.access.load import Load
from actors.gateway.access.own_callers import Beginnings, OwnCallers
from actors.gateway.access.principal import EVERYTHING, Principal
from actors.gateway.access.redemptions import Redemptions
from actors.gateway.access.session_limits import SessionLimits
from actors.gateway.callers import Callers
from actors.gateway.stays import Stays
from pipeline.errors import GreenroomError
from pipeline.frames import Frame, SessionEnd, SessionEnded, SessionOpened
from pipeline.frames.wire import decode, encode
from pipeline.sessions.refusal import refusal


class Reception:
    """Callers whose sessions are opened at once; what they say is checked as it is on the wire."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self._loop = asyncio.get_running_loop()
        self.callers = Callers(
            self._publish,
            self._loop.call_later,
            self._run_for,
            Stays(60, 60),
            {},
            lambda _: None,
            "gateway",
            lambda: None,
        )

    def own(self) -> OwnCallers:
        """As one sees them of whom no key is asked."""
        beginnings = Beginnings(
            SessionLimits(LimitOptions()), Redemptions({}, time.time, time.time()), Load()
        )
        return OwnCallers(self.callers, Principal(scopes=EVERYTHING), beginnings)

    def _publish(self, _port: str, frame: Frame) -> None:
        decode(encode(frame, seq=1, boot=1, sent_ns=1))
        match frame:
            case SessionOpened():
                why = refusal(frame)
                no = SessionEnded(session=frame.session, reason=SessionEnd.REFUSED, detail=why)
                told = (
                    partial(self.callers.ended, no) if why else partial(self.callers.opened, frame)
                )
                self._loop.call_soon(told)
            case SessionEnded():
                self._loop.call_soon(self.callers.ended, frame)

    def _run_for(self, session: str, work: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(self._run, session, work)

    def _run(self, session: str, work: Callable[[], None]) -> None:
        with self.work_of(session):
            work()

    @contextlib.contextmanager
    def work_of(self, session: str) -> Iterator[None]:
        """Do work of a session, which ends if that fails: of its client's fault nobody is told."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - it is what is looked for
            if not isinstance(error, GreenroomError):
                self.failures.append(error)
            if self.callers.find(session) is not None:
                self.callers.end(session, SessionEnd.FAILED, str(error))
