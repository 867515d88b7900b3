"""What the operator asks for: the sessions, one of them whole, its end, and that it is erased."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import FileResponse, Response

from actors.gateway.access.access import Access
from actors.gateway.callers import Callers
from actors.gateway.errors import NoSessionError
from actors.gateway.operating.caller_metrics import CallerMetrics
from actors.gateway.operating.erasure import Erasure
from actors.gateway.operating.room_summary import DrainRequest, room_summary
from actors.gateway.operating.session_board import SessionBoard, details, fault_row, summary
from actors.gateway.readiness import Readiness
from actors.gateway.shared_state import SharedState
from actors.gateway.website.page import FOLDER, HEADERS
from actors.gateway.website.requests import EndRequest
from actors.gateway.website.small_body import small_bodies
from pipeline.frames import SessionEnd

Label = Annotated[
    str, Query(pattern="^[^=]+=", description="Name and value, such as `customer=4711`.")
]
PAGE = Path(FOLDER, "operator.html")


def operator_routes(
    access: Access,
    board: SessionBoard,
    readiness: Readiness,
    metrics: CallerMetrics,
    erasure: Erasure,
    shared: SharedState,
) -> APIRouter:
    """Return the operator's page, what it asks for, and the metrics."""
    router = APIRouter(route_class=small_bodies(access.options.limits.body_bytes_per_s))
    prefix, callers, keeper = "/api/v1/operator", access.callers, shared.keeper

    @router.get("/operator", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE, headers=HEADERS, media_type="text/html")

    @router.get(f"{prefix}/sessions")
    async def sessions() -> dict[str, Any]:
        """List everybody's sessions, the last that ended among them; takes the scope `operate`."""
        return {
            "problem": readiness.problem(),
            "room": room_summary(access.room),
            "quota": shared.quota.seen.as_json(),
            "sessions": [_row(callers, board, each.opened.session) for each in board],
            "ended": [summary(each, "ended", "") for each in reversed(board.ended)],
            "faults": [fault_row(at, each) for at, each in board.faults],
        }

    @router.get(f"{prefix}/rooms")
    async def rooms() -> dict[str, Any]:
        """List all rooms that share the database, and which caller is where."""
        return {
            "room": access.room.name,
            "rooms": await keeper.known(),
            "callers": await keeper.callers(),
        }

    @router.post(f"{prefix}/room/drain")
    async def drain(request: DrainRequest) -> dict[str, Any]:
        """Have a room emptied: nobody new is taken, those who are there finish."""
        await keeper.drain(request.room, draining=request.draining)
        return {"success": True, "room": room_summary(access.room)}

    @router.get(f"{prefix}/session/{{session_id:path}}")
    async def session(session_id: str) -> dict[str, Any]:
        """Tell all that is known of a session: words, turns, route, faults."""
        watched = board.find(session_id)
        if watched is None:
            raise NoSessionError(f"there is no session {session_id!r}, and was none lately")
        return {**_row(callers, board, session_id), **details(watched)}

    @router.post(f"{prefix}/session/end")
    async def end(request: EndRequest) -> dict[str, Any]:
        """End anybody's session; its caller is told that the operator did."""
        callers.end(request.session_id, SessionEnd.OPERATOR, "the operator ended it")
        await callers.until_over(request.session_id)
        return {"success": True, "session_id": request.session_id}

    @router.delete(f"{prefix}/session/{{session_id:path}}")
    async def erase_session(session_id: str) -> dict[str, Any]:
        """Erase all sessions of a name: rows, recordings of their own, what is remembered here."""
        return await erasure.session(session_id)

    @router.delete(f"{prefix}/sessions")
    async def erase_label(label: Label) -> dict[str, Any]:
        """Erase all sessions with a label, as one session is."""
        key, _, value = label.partition("=")
        return await erasure.label(key, value)

    @router.get("/metrics", include_in_schema=False)
    async def scrape() -> Response:
        # Not loaded before somebody scrapes.
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

        return Response(generate_latest(metrics), media_type=CONTENT_TYPE_LATEST)

    return router


def _row(callers: Callers, board: SessionBoard, session: str) -> dict[str, Any]:
    watched, caller = board.find(session), callers.find(session)
    assert watched is not None
    state = "ended" if caller is None else caller.state.name.lower()
    return summary(watched, state, "" if caller is None else caller.address)
