"""Whether a room takes a further caller. Pure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum, auto

from actors.gateway.rooms.lease import LeaseState

PLACES_PER_CORE = 30
"""Callers that keep a processor at 55 to 60 %: docs/scaling.md."""


class AdmissionState(Enum):
    """Whether a room takes callers, or why not."""

    OPEN = auto()
    FULL = auto()
    DRAINING = auto()
    NO_LEASE = auto()
    """Others may take it for gone: whoever it took, another would take from it."""


@dataclass(frozen=True)
class RoomAdmission:
    """What decides it.

    Attributes:
        places: Callers that it takes at once; None: as many as it can serve in time.
        taken: How many it has, those who are away for a moment included.
        draining: It is to be empty.
        lease: What its lease is worth.
    """

    places: int | None
    taken: int
    draining: bool
    lease: LeaseState

    @property
    def state(self) -> AdmissionState:
        """Whether one more is taken."""
        if self.draining:
            return AdmissionState.DRAINING
        if self.lease not in (LeaseState.NONE, LeaseState.HELD):
            return AdmissionState.NO_LEASE
        if self.places is not None and self.taken >= self.places:
            return AdmissionState.FULL
        return AdmissionState.OPEN


def usual_places() -> int:
    """Return how many callers this machine has places for."""
    return PLACES_PER_CORE * (os.cpu_count() or 1)
