"""The room as an operator sees it, and what it may be asked."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from actors.gateway.rooms.room import GatewayRoom


class DrainRequest(BaseModel):
    """Whether a room is to be empty."""

    room: str = Field("", max_length=200, description="Its name; empty: the one that is asked.")
    draining: bool = Field(True, description="False opens it again.")


def room_summary(room: GatewayRoom) -> dict[str, Any]:
    """Return a room in a line; `places` is None where it takes as many as it can serve."""
    return {
        "name": room.name,
        "state": room.admission.name.lower(),
        "refusal": room.refusal(),
        "lease": room.lease_state.name.lower(),
        "taken": room.taken,
        "places": room.places,
    }
