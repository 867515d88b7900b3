"""Events and decisions of the route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipeline.frames import Allowance, BackendStatus, Fault


@dataclass(frozen=True)
class TurnBegan:
    """The user began a turn."""

    turn: str


@dataclass(frozen=True)
class Asked:
    """The user finished a turn; somebody has to answer."""

    turn: str


@dataclass(frozen=True)
class Sounded:
    """An answer by this backend is heard."""

    turn: str
    backend: str


@dataclass(frozen=True)
class Working:
    """A sign that the turn is being answered; `tools` counts calls begun less calls ended."""

    turn: str
    tools: int = 0


@dataclass(frozen=True)
class Delivered:
    """The whole answer has been handed over; only playing it is left."""

    turn: str
    backend: str


@dataclass(frozen=True)
class Broke:
    """The backend gave this turn up, or gave nothing."""

    turn: str
    backend: str
    reason: str


@dataclass(frozen=True)
class Closed:
    """The turn has its outcome."""

    turn: str


@dataclass(frozen=True)
class Died:
    """The backend's process ended."""

    backend: str


@dataclass(frozen=True)
class Tick:
    """Time has passed."""


Event: TypeAlias = (
    TurnBegan
    | Asked
    | Sounded
    | Working
    | Delivered
    | Broke
    | Closed
    | Died
    | Tick
    | BackendStatus
    | Fault
    | Allowance
)


@dataclass(frozen=True)
class Switch:
    """The route changes."""

    owner: str
    epoch: int
    reason: str


@dataclass(frozen=True)
class GiveUp:
    """No backend is left for this turn."""

    turn: str
    reason: str


Decision = Switch | GiveUp
