"""People whom nobody could answer are called back, once somebody can."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from actors.gateway.errors import CallerError
from actors.gateway.phone.context import CallContext, CallDirection
from actors.gateway.phone.doors.business_options import number_key
from actors.gateway.phone.doors.outbound import Outbound
from pipeline.logs import Logger

AFTER_S = 20.0
"""So that whoever is called back has hung up by then."""
AGAIN_S = 60.0
"""After a call that could not be started."""
MOST_TRIES = 3
WITHIN_S = 3600.0
"""Nobody expects to be called back after an hour."""
LOOK_S = 5.0
"""Between two looks whether somebody can answer: as often as backends say how they are."""
MOST_WAITING = 1_000
"""People to be called back at once; 300 kB in the checkpoint."""


class CallBacks:
    """Calls people back.

    Args:
        outbound: Starts calls.
        waiting: Of an earlier process, kept up to date: who is to be called back.
        problem: Returns why nobody would be answered now; empty if they would be.
        log: Of the gateway.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        outbound: Outbound,
        waiting: list[dict[str, Any]],
        problem: Callable[[], str],
        log: Logger,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outbound = outbound
        self._waiting = waiting
        self._problem = problem
        self._log = log
        self._clock = clock

    def ask(self, provider: str, context: CallContext) -> bool:
        """Have somebody called back; return whether that can be.

        Args:
            provider: By whom the call came.
            context: Of the call.
        """
        theirs, ours = context.caller, context.called
        if context.direction is CallDirection.OUTBOUND:
            theirs, ours = ours, theirs
        can = provider in self._outbound.starters() and number_key(theirs).isdecimal()
        if not can or len(self._waiting) >= MOST_WAITING:
            self._log.warning("somebody cannot be called back", business=context.business)
            return False
        # Who has called three times is called back once.
        self._waiting[:] = [each for each in self._waiting if each["to"] != theirs]
        now_s = self._clock()
        self._waiting.append(
            {
                "to": theirs,
                "from": ours,
                "provider": provider,
                "business": context.business,
                "due_s": now_s + AFTER_S,
                "until_s": now_s + WITHIN_S,
                "tries": 0,
            }
        )
        self._log.info("somebody is to be called back", business=context.business, called=theirs)
        return True

    async def run(self) -> None:
        """Call back until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Call back those whose time has come, if somebody can answer."""
        for each in list(self._waiting):
            now_s = self._clock()
            if now_s >= each["until_s"] or each["tries"] >= MOST_TRIES:
                self._drop(each)
                self._log.warning("somebody was not called back", called=each["to"])
            elif now_s >= each["due_s"] and not self._problem() and each in self._waiting:
                await self._call(each)

    async def _call(self, each: dict[str, Any]) -> None:
        each["tries"] += 1
        each["due_s"] = self._clock() + AGAIN_S
        try:
            await self._outbound.start(
                each["to"],
                provider=each["provider"],
                from_number=each["from"],
                business=each["business"],
                manner={"speaks_first": True},
                parameters={"called_back": "true"},
            )
        except CallerError as error:
            self._log.warning("a call back could not be started", detail=str(error))
            return
        self._drop(each)

    def _drop(self, each: dict[str, Any]) -> None:
        """Whoever called again while others were called back has an entry of its own for that."""
        if each in self._waiting:
            self._waiting.remove(each)
