"""The room that a gateway is: what it is called, whom it takes, and why not."""

from __future__ import annotations

import time
from collections.abc import Callable

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.rooms.admission import AdmissionState, RoomAdmission, usual_places
from actors.gateway.rooms.lease import Lease, LeaseState

ELSEWHERE_S = 1.0
"""When to try again where another room may serve: a balancer looks at /readyz as often."""
DENIALS: dict[AdmissionState, Denial] = {
    AdmissionState.FULL: Denial.ROOM_FULL,
    AdmissionState.DRAINING: Denial.ROOM_DRAINING,
    AdmissionState.NO_LEASE: Denial.ROOM_WITHOUT_LEASE,
}


class GatewayRoom:
    """Whom a room takes.

    Args:
        name: That others know it by; empty: it is by itself, and asks nobody.
        places: Callers that it takes at once; None: 30 for each processor if it has a name, and as
            many as it can serve in time if it has none.
        taken: Returns how many callers it has.
        clock: Monotonic time, in seconds.
    """

    def __init__(
        self,
        name: str,
        places: int | None,
        taken: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.places = places or (usual_places() if name else None)
        self.lease = Lease()
        self.draining = False
        """An operator wants it empty."""
        self.rival = ""
        """Which other pipeline holds its name, if one does."""
        self._taken = taken
        self._clock = clock

    @property
    def taken(self) -> int:
        """Callers that it has, those who are away for a moment included."""
        return self._taken()

    @property
    def lease_state(self) -> LeaseState:
        """What its lease is worth now."""
        return self.lease.state(self._clock()) if self.name else LeaseState.NONE

    @property
    def admission(self) -> AdmissionState:
        """Whether it takes one more caller now."""
        return RoomAdmission(self.places, self.taken, self.draining, self.lease_state).state

    def refusal(self) -> str:
        """Return why it takes nobody, in words; empty if it does."""
        match self.admission:
            case AdmissionState.OPEN:
                return ""
            case AdmissionState.FULL:
                return f"all {self.places} places of this room are taken"
            case AdmissionState.DRAINING:
                return "this room is being emptied"
            case AdmissionState.NO_LEASE if self.rival:
                return f"another pipeline is the room {self.name!r}: {self.rival}"
            case AdmissionState.NO_LEASE:
                return "this room does not reach the database that it shares with the others"

    def admit(self) -> None:
        """Look whether one more caller may come.

        Raises:
            AccessDeniedError: not now, and why.
        """
        state = self.admission
        if state is not AdmissionState.OPEN:
            detail = f"{self.refusal()}: another room may take you, try again"
            raise AccessDeniedError(DENIALS[state], detail, ELSEWHERE_S)
