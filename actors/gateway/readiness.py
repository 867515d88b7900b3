"""Whether a caller would be answered now."""

from __future__ import annotations

import time
from collections.abc import Mapping

from actors.gateway.access.load import Load
from actors.gateway.rooms.admission import AdmissionState
from actors.gateway.rooms.room import GatewayRoom
from pipeline.frames import ActorState, Status

NEWS_S = 5.0
"""Without a word of the supervisor for so long it is gone: it sends ten in this time."""
DATABASE_AWAY = "away: what is to be written waits for it"
ANSWERING = (ActorState.READY, ActorState.DEGRADED)
TOO_BUSY = "this machine has more callers than it can serve in time"


class Readiness:
    """Follows what the supervisor says of the pipeline.

    Args:
        load: Of the machine.
        room: Of the gateway.
        follows: The supervisor is listened to; if not, nothing is known but that this runs.
    """

    def __init__(self, load: Load, room: GatewayRoom, *, follows: bool) -> None:
        self._load = load
        self._room = room
        self._follows = follows
        self._status: Status | None = None
        self._heard_s = 0.0
        self.leaving = ""
        """Why nobody new is served, whoever answers."""
        self.database_away = False
        """Callers are served all the same."""

    def on_status(self, status: Status) -> None:
        """Take the newest news."""
        self._status = status
        self._heard_s = time.monotonic()

    def notes(self) -> Mapping[str, str]:
        """Return what is wrong and keeps nobody from being served, for whoever watches it."""
        return {"database": DATABASE_AWAY} if self.database_away else {}

    def refusal(self) -> str:
        """Return why nobody new is served, whoever answers; empty if they are."""
        return self.leaving or self._room.refusal() or (TOO_BUSY if self._load.is_too_high else "")

    def departure(self) -> str:
        """Return why this room is about to go, and others are to be called; empty if it stays."""
        is_draining = self._room.admission is AdmissionState.DRAINING
        return self.leaving or (self._room.refusal() if is_draining else "")

    def problem(self) -> str:
        """Return why nobody would be answered, in words; empty if they would be."""
        if refusal := self.refusal():
            return refusal
        if not self._follows:
            return ""
        status = self._status
        if status is None or time.monotonic() - self._heard_s > NEWS_S:
            return "the supervisor says nothing"
        owner = status.route.owner if status.route is not None else ""
        if not owner:
            return "no backend answers"
        health = next((each.health for each in status.actors if each.actor == owner), None)
        if health is None:
            return f"{owner} is not up"
        if health.state not in ANSWERING:
            return f"{owner} is {health.state.value}: {health.detail}".removesuffix(": ")
        return ""
