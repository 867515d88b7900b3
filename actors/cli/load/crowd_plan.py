"""Who calls when, says what, and loses what: all of it by a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Arrivals(StrEnum):
    """How callers come."""

    TOGETHER = "together"
    """All in the same moment."""
    RAMP = "ramp"
    """One after the other, evenly."""
    POISSON = "poisson"
    """Each whenever it likes: telephone exchanges are planned for such."""


class Loss(StrEnum):
    """What becomes of a caller's connection."""

    DROP = "drop"
    """It breaks off, and nobody comes back."""
    CUT = "cut"
    """It breaks off, and the caller comes back at once."""
    VANISH = "vanish"
    """Nothing comes through for a while, with the connection open; then the caller comes back."""


@dataclass(frozen=True)
class CrowdPlan:
    """What is asked for.

    Attributes:
        callers: How many in all.
        protocols: Over which lines they come, in turn; of `LINES`.
        arrivals: How they come.
        over_s: Within this time; nothing where all come together.
        length_s: Least and most for which a caller goes on to say things.
        pause_s: Least and most silence before each thing that is said.
        barge_ins: Part of the things said that are spoken into the answer before.
        losses: Part of the callers to whom each happens, once.
        away_s: Least and most for which a caller vanishes.
        patience_s: How long an answer is awaited.
        seed: Of all chances.
    """

    callers: int
    protocols: Sequence[str] = ("website",)
    arrivals: Arrivals = Arrivals.TOGETHER
    over_s: float = 10.0
    length_s: tuple[float, float] = (60.0, 60.0)
    pause_s: tuple[float, float] = (0.5, 3.0)
    barge_ins: float = 0.0
    losses: dict[Loss, float] = field(default_factory=dict)
    away_s: tuple[float, float] = (1.0, 10.0)
    patience_s: float = 20.0
    seed: int = 0


@dataclass(frozen=True)
class PlannedSaying:
    """One thing that a caller says.

    Attributes:
        recording: Which.
        after_s: Silence before it; of one that interrupts, how long the answer is heard.
        interrupts: It is said into the answer.
    """

    recording: int
    after_s: float
    interrupts: bool


@dataclass(frozen=True)
class PlannedLoss:
    """What happens to a caller's connection.

    Attributes:
        kind: Which.
        after_s: Since the caller came.
        away_s: For how long, of who vanishes.
    """

    kind: Loss
    after_s: float
    away_s: float


@dataclass(frozen=True)
class PlannedCaller:
    """One caller.

    Attributes:
        number: Which.
        protocol: Of `LINES`.
        arrives_s: Since the beginning.
        length_s: For which the caller goes on to say things.
        says: More than anybody says in the time.
        loss: What happens to the connection, if anything does.
    """

    number: int
    protocol: str
    arrives_s: float
    length_s: float
    says: Sequence[PlannedSaying]
    loss: PlannedLoss | None


FIRST_PAUSE_S = 1.0
"""Added to the first pause: who has just connected first hears whether anybody is there."""
SHORTEST_S = 1.0
"""No recording and its answer are shorter: so many things are said at most."""
HEARD_BEFORE_BARGE_IN_S = (0.3, 1.5)
"""So much of an answer is heard before somebody speaks into it: by then it has begun for certain,
and answers of one sentence are not over."""


def planned_callers(plan: CrowdPlan, recordings: int) -> list[PlannedCaller]:
    """Return all callers; the same for the same plan and number of recordings."""
    arrivals = _arrivals_s(plan)
    return [
        _planned(plan, number, arrives_s, recordings) for number, arrives_s in enumerate(arrivals)
    ]


def ends_s(callers: Sequence[PlannedCaller]) -> float:
    """Return when the last caller says the last thing, since the beginning."""
    return max(each.arrives_s + each.length_s for each in callers)


def _arrivals_s(plan: CrowdPlan) -> list[float]:
    match plan.arrivals:
        case Arrivals.TOGETHER:
            return [0.0] * plan.callers
        case Arrivals.RAMP:
            return [plan.over_s * each / plan.callers for each in range(plan.callers)]
    # That many events of a Poisson process, within a time, are as many uniform chances in order.
    chance = random.Random(f"{plan.seed} arrivals")
    return sorted(chance.uniform(0.0, plan.over_s) for _ in range(plan.callers))


def _planned(plan: CrowdPlan, number: int, arrives_s: float, recordings: int) -> PlannedCaller:
    chance = random.Random(f"{plan.seed} {number}")
    length_s = chance.uniform(*plan.length_s)
    says = [
        _saying(plan, chance, recordings, is_first=not each)
        for each in range(1 + round(length_s / SHORTEST_S))
    ]
    return PlannedCaller(
        number,
        plan.protocols[number % len(plan.protocols)],
        arrives_s,
        length_s,
        says,
        _loss(plan, chance, length_s),
    )


def _saying(
    plan: CrowdPlan, chance: random.Random, recordings: int, *, is_first: bool
) -> PlannedSaying:
    pause_s = chance.uniform(*plan.pause_s)
    into_s = chance.uniform(*HEARD_BEFORE_BARGE_IN_S)
    interrupts = chance.random() < plan.barge_ins and not is_first
    after_s = into_s if interrupts else pause_s + (FIRST_PAUSE_S if is_first else 0.0)
    return PlannedSaying(chance.randrange(recordings), after_s, interrupts)


def _loss(plan: CrowdPlan, chance: random.Random, length_s: float) -> PlannedLoss | None:
    """Return what happens to a caller: at most one thing, at any time of the conversation."""
    drawn, after_s = chance.random(), chance.uniform(0.0, length_s)
    away_s = chance.uniform(*plan.away_s)
    for kind in Loss:
        part = plan.losses.get(kind, 0.0)
        if drawn < part:
            return PlannedLoss(kind, after_s, away_s)
        drawn -= part
    return None
