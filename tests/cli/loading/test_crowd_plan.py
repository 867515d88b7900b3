"""Who calls when, says what and loses what, by a seed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from actors.cli.load.crowd_plan import Arrivals, CrowdPlan, Loss, ends_s, planned_callers
from actors.cli.load.load_share import LoadShare

PLAN = CrowdPlan(
    callers=400,
    protocols=("website", "twilio"),
    arrivals=Arrivals.POISSON,
    over_s=20.0,
    length_s=(10.0, 30.0),
    barge_ins=0.25,
    losses={Loss.DROP: 0.1, Loss.CUT: 0.2, Loss.VANISH: 0.3},
    seed=3,
)


def test_the_same_seed_is_the_same_crowd_and_another_is_another() -> None:
    assert planned_callers(PLAN, 5) == planned_callers(PLAN, 5)
    assert planned_callers(PLAN, 5) != planned_callers(replace(PLAN, seed=4), 5)


def test_a_caller_is_the_same_in_a_smaller_crowd() -> None:
    """So that what one of many met can be looked at with few."""
    few = planned_callers(replace(PLAN, callers=4, arrivals=Arrivals.TOGETHER), 5)
    many = planned_callers(replace(PLAN, arrivals=Arrivals.TOGETHER), 5)
    assert few == many[:4]


@pytest.mark.parametrize("arrivals", Arrivals)
def test_all_arrive_in_order_and_within_the_time(arrivals: Arrivals) -> None:
    callers = planned_callers(replace(PLAN, arrivals=arrivals), 5)
    times = [each.arrives_s for each in callers]
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= PLAN.over_s
    gaps = [later - before for before, later in pairwise(times)]
    mean_s, spread = sum(gaps) / len(gaps), max(gaps) - min(gaps)
    if arrivals is Arrivals.TOGETHER:
        assert times[-1] == 0
    elif arrivals is Arrivals.RAMP:
        assert spread < mean_s / 100
    else:
        # Of exponential gaps some are many times the mean.
        assert max(gaps) > 3 * mean_s


def test_parts_are_parts_of_all() -> None:
    callers = planned_callers(PLAN, 5)
    kinds = Counter(each.loss.kind if each.loss else None for each in callers)
    for kind, part in PLAN.losses.items():
        assert kinds[kind] / PLAN.callers == pytest.approx(part, abs=0.06)
    assert Counter(each.protocol for each in callers) == {"website": 200, "twilio": 200}
    said = [each for caller in callers for each in caller.says[1:]]
    assert sum(each.interrupts for each in said) / len(said) == pytest.approx(0.25, abs=0.03)
    assert not any(caller.says[0].interrupts for caller in callers)
    assert {each.recording for each in said} == set(range(5))


def test_everybody_has_something_to_say_for_as_long_as_they_stay() -> None:
    for caller in planned_callers(PLAN, 5):
        assert 10 <= caller.length_s <= 30
        assert len(caller.says) >= caller.length_s
        assert caller.loss is None or 0 <= caller.loss.after_s <= caller.length_s
    assert 30 < ends_s(planned_callers(PLAN, 5)) <= 50


def test_a_share_is_what_it_was_after_its_way_to_another_process() -> None:
    share = LoadShare(PLAN, {"website": "ws://h/ws/live-audio"}, "k", ("a=b",), ("x.wav",), 1, 2)
    assert LoadShare.from_json(json.loads(share.as_json())).plan == PLAN
    wanted = LoadShare.from_json(json.loads(share.as_json())).wanted("website")
    assert (wanted.url, wanted.auth_token, wanted.parameters) == (
        "ws://h/ws/live-audio",
        "k",
        ["a=b"],
    )
