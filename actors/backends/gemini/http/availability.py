"""How the backend stands, from how the last request went: decides, does nothing."""

from __future__ import annotations

from dataclasses import dataclass

from actors.backends.fault_info import FaultInfo
from pipeline.backoff import Backoff
from pipeline.frames import BackendState
from pipeline.turns.fault_policy import POLICIES, Lasts

LOOK = Backoff(first_s=5.0, longest_s=60.0)
"""After a failure of the service, until it is looked at again."""


@dataclass(frozen=True)
class Availability:
    """What to tell the pipeline, and when to look again; `look_in_s` None: not by itself."""

    state: BackendState
    reason: str = ""
    look_in_s: float | None = None


def availability_of(info: FaultInfo | None, keys_in_s: float | None, failures: int) -> Availability:
    """Decide.

    Args:
        info: On the last request; None: it succeeded.
        keys_in_s: Time until a key is usable, 0 if one is; None: none will be.
        failures: Requests that failed in a row, this one included.
    """
    reason = str(info) if info is not None else ""
    if keys_in_s is None:
        return Availability(BackendState.UNAVAILABLE, reason or "every API key was refused")
    if keys_in_s > 0:
        return Availability(BackendState.UNAVAILABLE, reason or "the quota is used up", keys_in_s)
    lasts = Lasts.A_TURN if info is None else POLICIES[info.fault].lasts
    if lasts is Lasts.A_TURN:
        return Availability(BackendState.READY)
    if lasts is Lasts.UNTIL_MENDED:
        return Availability(BackendState.UNAVAILABLE, reason)
    look_in_s = LOOK.wait_s(failures)
    state = BackendState.DEGRADED if lasts is Lasts.A_MOMENT else BackendState.UNAVAILABLE
    return Availability(state, reason, look_in_s)
