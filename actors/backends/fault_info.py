"""What is known of a fault of a backend's service, whoever the vendor: decided by its own table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.frames import FaultClass


class FaultAction(StrEnum):
    """What to do about a fault."""

    RESUME = "resume"
    """Connect again at once, with the handle."""
    BACK_OFF = "back_off"
    """Wait, longer each time, then connect with the handle."""
    FRESH = "fresh"
    """Forget the handle and connect at once; the second time in a row: back off."""
    FRESH_ONCE = "fresh_once"
    """Forget the handle and connect at once; the second time in a row: stop."""
    LEAVE_OUT = "leave_out"
    """Connect again without the named option; if it was left out already: stop."""
    COOL_DOWN = "cool_down"
    """Leave the service alone for a while."""
    STOP = "stop"
    """Nothing will change by itself."""


@dataclass(frozen=True)
class FaultInfo:
    """A fault and what to do about it. `reason` holds no secrets; `option` is what to leave out."""

    fault: FaultClass
    action: FaultAction
    code: int | None
    reason: str
    advice: str = ""
    retry_after_s: float | None = None
    option: str = ""

    @property
    def retry(self) -> bool:
        """Whether trying again can help."""
        return self.action is not FaultAction.STOP

    def __str__(self) -> str:
        code = f" {self.code}" if self.code is not None else ""
        return f"{self.fault}{code}: {self.reason or 'no reason given'}"
