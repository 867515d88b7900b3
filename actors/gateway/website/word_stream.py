"""The words of a file on their way to a client that wants to know how far it is."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from actors.gateway.errors import CallerError
from actors.gateway.unless_gone import unless_gone

LINES = "application/x-ndjson"
"""JSON, a line each: what a client accepts that wants to know."""
EACH_S = 1.0
"""Between two lines: often enough for who watches, and no proxy takes it for a dead connection."""


class WordStream(Response):
    """Tells each second how far it is, and at last what came of it.

    What goes wrong before the first line is an error as any other.

    Args:
        work: Puts the file into words; cancelled when the client goes away. Returns the answer.
        progress: How far it is; None: it has not begun.
        place: Is left when all is done.
    """

    media_type = LINES

    def __init__(
        self,
        work: asyncio.Future[dict[str, Any]],
        progress: Callable[[], Mapping[str, Any] | None],
        place: contextlib.ExitStack,
    ) -> None:
        super().__init__()
        self._work = work
        self._progress = progress
        self._place = place
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._place:
            try:
                with contextlib.suppress(ClientDisconnect, OSError):
                    await unless_gone(receive, self._answer(send))
            finally:
                self._work.cancel()
                await asyncio.gather(self._work, return_exceptions=True)

    async def _answer(self, send: Send) -> None:
        while not (await asyncio.wait({self._work}, timeout=EACH_S))[0]:
            progress = self._progress()
            if progress is not None:
                await self._line(send, progress)
        try:
            last: Mapping[str, Any] = self._work.result()
        except CallerError as error:
            if not self._begun:
                raise
            last = {"error": str(error)}
        await self._line(send, last, more=False)

    async def _line(self, send: Send, told: Mapping[str, Any], *, more: bool = True) -> None:
        if not self._begun:
            self._begun = True
            headers = [(b"content-type", LINES.encode()), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
        body = json.dumps(told, ensure_ascii=False).encode() + b"\n"
        await send({"type": "http.response.body", "body": body, "more_body": more})
