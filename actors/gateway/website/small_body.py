"""Requests in JSON, whose body is small: one that is not is refused before it is in memory."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse
from starlette.types import Message, Receive

from actors.gateway.errors import CompressedError, TooLargeError
from actors.gateway.website.body import Body
from actors.gateway.website.early_response import EarlyResponse

MOST_BYTES = 1_000_000
"""An instruction of 100,000 characters, the most that is taken, and functions beside it."""


def small_bodies(bytes_per_s: float) -> type[APIRoute]:
    """Return the class of routes that take small bodies only.

    Args:
        bytes_per_s: At which pace a body has to come: see `Body`.
    """

    class SmallBodyRoute(APIRoute):
        """Reads the body before anybody else does."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """Return what serves a request."""
            handler = super().get_route_handler()

            async def serve(request: Request) -> Any:
                body = Body(request, bytes_per_s)
                try:
                    data = await body.whole(MOST_BYTES)
                except TooLargeError:
                    told = {"error": f"a request has up to {MOST_BYTES:,} bytes"}
                    return EarlyResponse(JSONResponse(told, 413), body)
                except CompressedError as error:
                    return EarlyResponse(JSONResponse({"error": str(error)}, 415), body)
                return await handler(Request(request.scope, _replaying(data, request.receive)))

            return serve

    return SmallBodyRoute


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
