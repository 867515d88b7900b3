"""How long callers stay: they are warned of the end, and given up when they are away too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from actors.gateway.caller import Caller
from actors.gateway.events import TimeLeft
from pipeline.frames import SessionOpened

Later = Callable[[float, Callable[[], None]], asyncio.TimerHandle]


@dataclass(frozen=True)
class Stays:
    """How long callers stay; see the options of the gateway."""

    warning_s: float
    absence_s: float


class StayTimers:
    """Timers of the callers.

    Args:
        later: Runs something after so many seconds, on the event loop.
        stays: How long they stay.
        give_up: Ends the session of a caller who does not come back; gets why.
    """

    def __init__(self, later: Later, stays: Stays, give_up: Callable[[Caller, str], None]) -> None:
        self._later = later
        self._stays = stays
        self._give_up = give_up
        self._warnings: dict[str, asyncio.TimerHandle] = {}
        self._absences: dict[str, asyncio.TimerHandle] = {}

    def wait_for(self, caller: Caller) -> None:
        """A caller is away, and may come back for a while from now on."""
        self.stop_waiting(caller.session)
        detail = f"the caller was away for {self._stays.absence_s:g} s"
        self._absences[caller.session] = self._later(
            self._stays.absence_s, lambda: self._give_up(caller, detail)
        )

    def stop_waiting(self, session: str) -> None:
        """The caller is here, or is not waited for any more."""
        timer = self._absences.pop(session, None)
        if timer is not None:
            timer.cancel()

    def warn(self, caller: Caller, opened: SessionOpened) -> None:
        """Tell a caller in time that the session will end, if it has an end."""
        if opened.lasts_s is None or not self._stays.warning_s:
            return
        left_s = opened.lasts_s - opened.age_s
        warning_s = min(self._stays.warning_s, left_s)
        self._warnings[caller.session] = self._later(
            max(0.0, left_s - warning_s), lambda: caller.tell(TimeLeft(warning_s))
        )

    def forget(self, session: str) -> None:
        """A session has ended."""
        self.stop_waiting(session)
        warning = self._warnings.pop(session, None)
        if warning is not None:
            warning.cancel()
