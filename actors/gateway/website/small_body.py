"""Requests in JSON, whose body is small: one that is not is refused before it is in memory."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

MOST_BYTES = 1_000_000
"""An instruction of 100,000 characters, the most that is taken, and functions beside it."""


class SmallBodyRoute(APIRoute):
    """A route that takes small bodies only."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what serves a request."""
        handler = super().get_route_handler()

        async def serve(request: Request) -> Response:
            return await handler(Request(request.scope, _limited(request.receive)))

        return serve


def _limited(receive: Receive) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            raise HTTPException(413, f"a request has up to {MOST_BYTES:,} bytes")
        return message

    return limited
