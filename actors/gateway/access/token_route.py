"""REST for tokens: a website's server mints one for a browser, with a key that the browser never
sees."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from actors.gateway.access.access import Access, principal_of
from actors.gateway.access.tokens import LASTS_S, LONGEST_S, MOST_USES, OPENS_WITHIN_S
from actors.gateway.website.small_body import small_bodies
from pipeline.sessions.refusal import MOST_NAME_CHARACTERS


class BrowserTokenRequest(BaseModel):
    """What a token is to be for."""

    model_config = ConfigDict(extra="forbid")

    session_id: str | None = Field(
        None,
        min_length=1,
        max_length=MOST_NAME_CHARACTERS,
        description="The only session that it is for. One that is open can be joined, and no other "
        "begun: so its manner is what you started it with. Left out: whichever it begins.",
    )
    lasts_s: float = Field(
        LASTS_S, gt=0, le=LONGEST_S, description="How long it is valid, in seconds."
    )
    opens_within_s: float = Field(
        OPENS_WITHIN_S, ge=0, description="How long it may begin a session, in seconds."
    )
    uses: int = Field(
        1,
        ge=0,
        le=MOST_USES,
        description="How many sessions it may begin; 0: any number. To come back to one is none.",
    )


def token_routes(access: Access) -> APIRouter:
    """Return the REST call that mints tokens."""
    router = APIRouter(route_class=small_bodies(access.options.limits.body_bytes_per_s))

    @router.post("/api/v1/live-audio/token")
    async def mint(asked: BrowserTokenRequest, request: Request) -> dict[str, Any]:
        """Mint a short-lived token for a browser; takes a key with the scope `tokens`."""
        session, opens_within_s = asked.session_id, asked.opens_within_s
        if session is not None and access.callers.find(session) is not None:
            access.callers_of(request).get(session)
            opens_within_s = 0.0
        text, token = access.issuer.mint(
            principal_of(request).credential,
            lasts_s=asked.lasts_s,
            opens_within_s=opens_within_s,
            uses=asked.uses,
            session=session,
        )
        return {
            "success": True,
            "token": text,
            "session_id": session,
            "expires_at": datetime.fromtimestamp(token.expires_s, UTC).isoformat(),
            "websocket": f"/ws/live-audio?token={text}",
        }

    return router
