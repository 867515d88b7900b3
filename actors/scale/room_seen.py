"""A room as Ray Serve sees it from outside. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actors.scale.plan import DEPLOYMENT


@dataclass(frozen=True)
class RoomSeen:
    """A room.

    Attributes:
        name: By which the rooms of one database know it too.
        state: Of its replica, as Serve has it: `running`, `starting`, `stopping`.
        host: Address of its node; empty while it has none.
        port: On which it is called; None if nobody new is sent there.
    """

    name: str
    state: str
    host: str
    port: int | None


def rooms_in(
    details: Mapping[str, Any], targets: Mapping[str, int], application: str
) -> list[RoomSeen]:
    """Return the rooms of an application.

    Args:
        details: Of all that Serve runs, as its REST API has them.
        targets: To which ports HAProxy sends callers, by the name of the replica:
            `SERVE_REPLICA::application#deployment#replica`.
        application: Its name.
    """
    found = details["applications"][application]["deployments"].get(DEPLOYMENT, {})
    ports = {target.rpartition("#")[2]: port for target, port in targets.items()}
    return [
        RoomSeen(
            name=room_name(application, each["replica_id"]),
            state=str(getattr(each["state"], "value", each["state"])).lower(),
            host=each.get("node_ip") or "",
            port=ports.get(each["replica_id"]),
        )
        for each in found.get("replicas", ())
    ]


def room_name(application: str, replica: str) -> str:
    """Return the name of a room, which no other ever had.

    Args:
        application: Its application.
        replica: Its replica, as Serve names it.
    """
    return f"{application}-{replica}"
