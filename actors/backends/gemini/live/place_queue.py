"""Sessions that wait for a place, in the order in which they came."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class PlaceQueue:
    """Wakes one for each place that becomes free."""

    def __init__(self) -> None:
        self._models: dict[str, str] = {}
        self._resting: dict[str, asyncio.Event] = {}

    def __len__(self) -> int:
        return len(self._models)

    def join(self, session: str, model: str) -> None:
        """A session found no place; one that waits already keeps its turn.

        Args:
            session: Its name.
            model: That it wants to talk to.
        """
        self._models.setdefault(session, model)

    def forget(self, session: str) -> None:
        """A session has a place, or wants none any more."""
        self._models.pop(session, None)

    def waits_for(self, session: str) -> str | None:
        """Return the model that a session waits for; None: it does not wait for a place."""
        return self._models.get(session)

    def wake_first(self) -> None:
        """A place is free: let the first that rests look."""
        for session in self._models:
            event = self._resting.get(session)
            if event is not None and not event.is_set():
                event.set()
                return

    async def wait(self, session: str, wait_s: float) -> None:
        """Return after a while, or when it is the turn of the session."""
        self._resting[session] = event = asyncio.Event()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await event.wait()
        finally:
            if self._resting.get(session) is event:
                del self._resting[session]
