"""An answer to a request whose body is not wanted: it is sent at once, and the body let go by.

A client that reads nothing before it has sent everything would find its connection broken, and
never learn why; one that reads while it sends has the answer before it has sent much.
"""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from actors.gateway.website.body import Body

DISCARDED_BYTES = 60_000_000
DISCARDING_S = 10.0
"""Of a body that nobody wants: a file of 50 MB at 50 Mbit/s. Of what is larger, or slower, the
connection is broken."""


class EarlyResponse:
    """Sends a response, and lets the rest of the request come.

    Args:
        response: What is sent.
        body: Of the request.
    """

    def __init__(self, response: JSONResponse, body: Body) -> None:
        self._response = response
        self._body = body

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        start = {"type": "http.response.start", "status": self._response.status_code}
        await send({**start, "headers": self._response.raw_headers})
        body = {"type": "http.response.body", "body": self._response.body, "more_body": True}
        await send(body)
        await self._body.discard(DISCARDED_BYTES, DISCARDING_S)
        await send({"type": "http.response.body", "body": b""})
