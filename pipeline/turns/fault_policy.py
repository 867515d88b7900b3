"""Fault policy: what each class of fault means, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from pipeline.frames import FaultClass


class Lasts(Enum):
    """How long a fault is likely to be there."""

    A_TURN = auto()
    """What was wrong with one turn need not be wrong with the next."""
    A_MOMENT = auto()
    """It may be over any moment."""
    A_WHILE = auto()
    """It ends by itself, and not soon."""
    UNTIL_MENDED = auto()
    """No waiting changes it."""


class OfKey(Enum):
    """What a fault says of the API key with which a request was made."""

    NOTHING = auto()
    USED_UP = auto()
    """It rests while others serve."""
    REFUSED = auto()
    """It has served its time."""
    FULL = auto()
    """Its project has as many sessions open as it may have; another project may have room."""


class Reach(Enum):
    """Whose turns a fault endangers."""

    SESSION = auto()
    """Those of the session in which it came."""
    EVERYBODY = auto()
    """It is one of the key or of the service."""


class Cause(Enum):
    """What a fault comes of: whoever has that in common meets it too."""

    SERVICE = auto()
    """The network, the service as a whole, or the key."""
    MODEL = auto()
    """The model that was asked, whose quota is its own; another may serve."""
    REQUEST = auto()
    """What was asked, or the connection over which it was: of one session."""


@dataclass(frozen=True, slots=True)
class FaultPolicy:
    """What follows from a class of fault.

    Attributes:
        cool_down_s: How long a backend is left alone when the service does not say, in seconds.
        heals_in_time: A reconnect is worth waiting for; if not, the next backend takes over now.
        reach: Whose turns it endangers.
        cause: What it comes of.
        lasts: How long it is likely to be there.
        asks_again: The same request may succeed a moment later.
        of_key: What it says of the API key.
        is_trouble: Turns may soon go to another backend; that it may be needed is worth knowing.
    """

    cool_down_s: float
    heals_in_time: bool
    reach: Reach
    cause: Cause
    lasts: Lasts
    asks_again: bool
    of_key: OfKey
    is_trouble: bool = True


# Cool-downs: per-minute quotas are renewed within a minute; facts of the service, not of this
# machine. What somebody has to mend is asked for in an hour: that finds out whether they did.
POLICIES: dict[FaultClass, FaultPolicy] = {
    FaultClass.QUOTA: FaultPolicy(
        60.0, False, Reach.EVERYBODY, Cause.MODEL, Lasts.A_WHILE, False, OfKey.USED_UP,
    ),
    # A place is free as soon as a session ends; those that have theirs go on.
    FaultClass.CONCURRENCY: FaultPolicy(
        5.0, False, Reach.SESSION, Cause.REQUEST, Lasts.A_MOMENT, False, OfKey.FULL,
    ),
    FaultClass.BILLING: FaultPolicy(
        3600.0, False, Reach.EVERYBODY, Cause.SERVICE, Lasts.UNTIL_MENDED, False, OfKey.REFUSED,
    ),
    FaultClass.AUTH: FaultPolicy(
        3600.0, False, Reach.EVERYBODY, Cause.SERVICE, Lasts.UNTIL_MENDED, False, OfKey.REFUSED,
    ),
    FaultClass.MODEL: FaultPolicy(
        3600.0, False, Reach.EVERYBODY, Cause.MODEL, Lasts.UNTIL_MENDED, False, OfKey.NOTHING,
    ),
    FaultClass.BAD_REQUEST: FaultPolicy(
        3600.0, False, Reach.SESSION, Cause.REQUEST, Lasts.A_TURN, False, OfKey.NOTHING,
    ),
    FaultClass.POLICY: FaultPolicy(
        3600.0, False, Reach.SESSION, Cause.REQUEST, Lasts.UNTIL_MENDED, False, OfKey.NOTHING,
    ),
    FaultClass.CONTEXT: FaultPolicy(
        10.0, True, Reach.SESSION, Cause.REQUEST, Lasts.A_TURN, False, OfKey.NOTHING,
    ),
    FaultClass.NETWORK: FaultPolicy(
        2.0, True, Reach.SESSION, Cause.SERVICE, Lasts.A_MOMENT, True, OfKey.NOTHING,
    ),
    FaultClass.TRANSIENT: FaultPolicy(
        5.0, True, Reach.SESSION, Cause.MODEL, Lasts.A_MOMENT, True, OfKey.NOTHING,
    ),
    FaultClass.SESSION_END: FaultPolicy(
        0.0, True, Reach.SESSION, Cause.REQUEST, Lasts.A_MOMENT, True, OfKey.NOTHING,
        is_trouble=False,
    ),
    FaultClass.HANDLE: FaultPolicy(
        0.0, True, Reach.SESSION, Cause.REQUEST, Lasts.A_WHILE, False, OfKey.NOTHING,
    ),
    FaultClass.FROZEN: FaultPolicy(
        30.0, True, Reach.SESSION, Cause.MODEL, Lasts.A_MOMENT, False, OfKey.NOTHING,
    ),
    FaultClass.UNKNOWN: FaultPolicy(
        10.0, True, Reach.SESSION, Cause.MODEL, Lasts.A_MOMENT, True, OfKey.NOTHING,
    ),
}  # fmt: skip
