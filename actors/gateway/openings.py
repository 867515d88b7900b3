"""Sessions that the supervisor was asked for, and has not opened yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from actors.gateway.errors import RefusedError

OPENING_S = 10.0
"""How long the supervisor may take to open a session: it has been seen to take a second."""


class Openings:
    """Those who wait for each.

    Args:
        on_late: Called with the name of a session that nobody waits for any more.
    """

    def __init__(self, on_late: Callable[[str], None]) -> None:
        self._on_late = on_late
        self._asked: dict[str, asyncio.Future[str]] = {}
        """Done with why not, or with nothing if it is open."""

    def begin(self, session: str) -> None:
        """A session is asked for."""
        self._asked[session] = asyncio.get_running_loop().create_future()

    def settle(self, session: str, refusal: str = "") -> bool:
        """It is open, or refused; return whether it was still to be opened."""
        opening = self._asked.pop(session, None)
        if opening is not None and not opening.done():
            # No exception: whoever waited for it may have gone away.
            opening.set_result(refusal)
        return opening is not None

    async def wait_for(self, session: str) -> None:
        """Return once a session is open; at once if it is.

        Raises:
            RefusedError: it cannot be opened, and why.
        """
        opening = self._asked.get(session)
        if opening is None:
            return
        try:
            async with asyncio.timeout(OPENING_S):
                refusal = await asyncio.shield(opening)
        except TimeoutError:
            if self._asked.get(session) is opening:
                del self._asked[session]
                self._on_late(session)
            raise RefusedError("the pipeline does not answer: try again later") from None
        if refusal:
            raise RefusedError(refusal)
