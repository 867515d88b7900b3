"""Requests in JSON, whose body is small: one that is not is refused before it is in memory."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse
from starlette.types import Message, Receive

from actors.gateway.errors import TooLargeError
from actors.gateway.website.body import Body
from actors.gateway.website.early_response import EarlyResponse

MOST_BYTES = 1_000_000
"""An instruction of 100,000 characters, the most that is taken, and functions beside it."""
BYTES_PER_S = 500.0
"""After 20 s a body has to have come at this pace or faster; Apache's default (mod_reqtimeout)."""


class SmallBodyRoute(APIRoute):
    """A route that takes small bodies only."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what serves a request."""
        handler = super().get_route_handler()

        async def serve(request: Request) -> Any:
            body = Body(request, BYTES_PER_S)
            try:
                data = await body.whole(MOST_BYTES)
            except TooLargeError:
                told = {"error": f"a request has up to {MOST_BYTES:,} bytes"}
                return EarlyResponse(JSONResponse(told, 413), body)
            return await handler(Request(request.scope, _replaying(data, request.receive)))

        return serve


def _replaying(data: bytes, receive: Receive) -> Receive:
    """Return what gives a body that has been read, and then what comes."""
    is_given = False

    async def replay() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": data, "more_body": False}

    return replay
