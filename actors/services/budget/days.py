"""Which day it is, and when the next one begins.

The wall clock decides, on purpose: a day's budget is a promise in calendar days, over restarts and
reboots. The account keeps the count of each date, so that a clock set back finds the date's count
again instead of an empty one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def day_of(now: datetime, zone: ZoneInfo | None) -> date:
    """Return the date at `now` (aware) in a time zone; None is that of this machine."""
    return now.astimezone(zone).date()


def until_next_day_s(now: datetime, zone: ZoneInfo | None) -> float:
    """Return the seconds from `now` (aware) to the next midnight there."""
    tomorrow = day_of(now, zone) + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), tzinfo=zone).astimezone(UTC)
    return max(0.0, (midnight - now).total_seconds())
