"""REST for websites: conversations started, listed and ended."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import JSONResponse

from actors.gateway.access.access import Access
from actors.gateway.caller import Caller
from actors.gateway.readiness import Readiness
from actors.gateway.website.manner import Manners
from actors.gateway.website.requests import EndRequest, SessionRequest
from actors.gateway.website.small_body import small_bodies
from pipeline.frames import SessionEnd

READY_AGAIN_S = 5
"""When to ask again: so long a backend is ready before it is given the route again."""
SERVE_PROBE = "/-/healthz"
"""Where the HAProxy of Ray Serve asks a room whether it takes callers."""


def rest_routes(access: Access, manners: Manners, readiness: Readiness) -> APIRouter:
    """Return the REST calls that start, list and end conversations."""
    router = APIRouter(route_class=small_bodies(access.options.limits.body_bytes_per_s))
    prefix = "/api/v1/live-audio"

    @router.post(f"{prefix}/session/start")
    async def start(
        request: Request, asked: Annotated[SessionRequest, Body(default_factory=SessionRequest)]
    ) -> dict[str, Any]:
        """Open a conversation, to which a WebSocket then comes with its `session_id`."""
        manner = manners.of(asked.session_id or uuid.uuid4().hex, asked)
        caller = await access.callers_of(request).open(manner)
        return {
            "success": True,
            "session_id": caller.session,
            "lasts_s": caller.manner.lasts_s,
            "websocket": "/ws/live-audio",
        }

    @router.get(f"{prefix}/sessions")
    async def sessions(request: Request) -> dict[str, Any]:
        """List your conversations that are open."""
        return {"sessions": [_summary(caller) for caller in access.callers_of(request)]}

    @router.post(f"{prefix}/session/end")
    async def end(asked: EndRequest, request: Request) -> dict[str, Any]:
        """End a conversation."""
        own = access.callers_of(request)
        await own.come_back(asked.session_id, moves=False)
        own.end(asked.session_id, SessionEnd.HUNG_UP, "the caller ended it")
        await access.callers.until_over(asked.session_id)
        return {"success": True, "session_id": asked.session_id}

    @router.get(f"{prefix}/session/{{session_id:path}}/status")
    async def status(session_id: str, request: Request) -> dict[str, Any]:
        """Tell how a conversation is; 404 if there is none, 410 if it is over."""
        return _summary(await access.callers_of(request).come_back(session_id, moves=False))

    # Balancers and monitors ask with HEAD as well.
    @router.head("/healthz", include_in_schema=False)
    @router.get("/healthz")
    async def health() -> dict[str, Any]:
        """Tell that the gateway works."""
        return {"status": "ok", "callers": len(access.callers), **readiness.notes()}

    @router.head("/readyz", include_in_schema=False)
    @router.get("/readyz")
    async def ready() -> JSONResponse:
        """Tell whether a caller would be answered; 503 with the reason if not."""
        problem = readiness.problem()
        if problem:
            return JSONResponse({"error": problem}, 503, {"Retry-After": str(READY_AGAIN_S)})
        # As callers do: without the keys nobody would be let in.
        await access.keyring.loaded()
        serves = access.authenticator.serves.value
        return JSONResponse({"status": "ready", "serves": serves, **readiness.notes()})

    @router.get(SERVE_PROBE, include_in_schema=False)
    async def probe() -> JSONResponse:
        """Tell the HAProxy of Ray Serve whether to send anybody here.

        A room that is full stays there: it refuses in words, and where all are full nobody else
        would.
        """
        problem = readiness.departure()
        return JSONResponse({"error": problem} if problem else {}, 503 if problem else 200)

    return router


def _summary(caller: Caller) -> dict[str, Any]:
    left_s = caller.left_s
    return {
        "session_id": caller.session,
        "state": caller.state.name.lower(),
        "age_s": round(caller.age_s, 1),
        "left_s": None if left_s is None else round(left_s, 1),
        "turns": caller.turns,
        "answered_by": caller.owner,
        "labels": caller.manner.labels,
    }
