"""What becomes of an actor whose device is not there when it starts."""

from __future__ import annotations

from enum import StrEnum

WHEN_MISSING = (
    "`end` ends the run if the device is not there at the start, `wait` waits for it. One that "
    "goes away later is always waited for."
)
"""Description of the option, the same for all that have a device."""


class WhenMissing(StrEnum):
    """What to do without the device."""

    END = "end"
    WAIT = "wait"
