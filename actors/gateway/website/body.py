"""The body of a request as it comes, of which only so much is taken."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator

from starlette.requests import ClientDisconnect, Request

from actors.gateway.errors import (
    CallerError,
    CompressedError,
    SlowRequestError,
    TooLargeError,
)

MOST_SILENT_S = 20.0
"""Between two pieces of a body: a mobile phone between two cells is silent for ten seconds."""
PLAIN = "identity"
"""RFC 9110, 12.5.3: not compressed."""
MOST_DISCARDED_BYTES = 500_000_000
"""Of a body that is not taken. Most clients read no answer before all of theirs is sent, and would
report a broken connection instead of what is wrong."""
MOST_DISCARDING_S = 30.0
"""For that: the whole of it at 130 Mbit/s; of a slower client the connection is broken."""


class Body:
    """Reads a body once.

    Args:
        request: Whose it is.
        bytes_per_s: At which pace it has to have come, once it has taken as long as one may be
            silent.
    """

    def __init__(self, request: Request, bytes_per_s: float = 0.0) -> None:
        self._request = request
        self._bytes_per_s = bytes_per_s
        self._began_s = time.monotonic()
        self._count = 0
        self._more = True
        said = request.headers.get("content-length", "")
        self._said_bytes = int(said) if said.isdecimal() else 0

    async def whole(self, most_bytes: int) -> bytes:
        """Return it.

        Raises:
            TooLargeError, CompressedError, SlowRequestError, ClientDisconnect: as for `pieces`.
        """
        return b"".join([piece async for piece in self.pieces(most_bytes)])

    async def pieces(self, most_bytes: int) -> AsyncGenerator[bytes]:
        """Yield it as it comes.

        Raises:
            TooLargeError: it has more bytes.
            CompressedError: it was compressed: a MB of that may be a GB.
            SlowRequestError: the rest of it does not come.
            ClientDisconnect: who sent it is gone.
        """
        coding = self._request.headers.get("content-encoding", PLAIN).strip().lower()
        if coding != PLAIN:
            raise CompressedError(f"sent as {coding[:40]!r}: send it without Content-Encoding")
        if self._said_bytes > most_bytes:
            raise TooLargeError(f"more than {most_bytes} bytes")
        count = 0
        while self._more:
            piece = await self._next()
            count += len(piece)
            if count > most_bytes:
                raise TooLargeError(f"more than {most_bytes} bytes")
            yield piece

    async def discard(
        self, most_bytes: int = MOST_DISCARDED_BYTES, most_s: float = MOST_DISCARDING_S
    ) -> None:
        """Let the rest of it come, so that an answer is read."""
        if "expect" in self._request.headers:
            return  # The client asks before it sends.
        count = 0
        with contextlib.suppress(TimeoutError, CallerError, ClientDisconnect):
            async with asyncio.timeout(most_s):
                while self._more and count < most_bytes:
                    count += len(await self._next())

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(MOST_SILENT_S):
                message = await self._request.receive()
        except TimeoutError:
            why = f"the rest of what you send did not come for {MOST_SILENT_S:g} s"
            raise SlowRequestError(why) from None
        self._count += len(message.get("body", b""))
        late_s = time.monotonic() - self._began_s - MOST_SILENT_S
        if message.get("more_body", False) and self._count < late_s * self._bytes_per_s:
            raise SlowRequestError(
                f"what you send comes with less than {self._bytes_per_s:g} bytes a second"
            )
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        self._more = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece
