"""How slow a machine is taken to be, and which deadlines grow with it."""

from __future__ import annotations

import pytest

from pipeline.config.model import SupervisionConfig
from pipeline.launch.slowness import (
    MOST,
    USUAL_LOADING_S,
    USUAL_SAMPLE_S,
    Slowness,
    measured,
    slowness,
)
from pipeline.supervision.lifecycle import Deadlines


@pytest.mark.parametrize(
    ("loading", "sample", "expected"),
    [
        (0.2, 0.25, Slowness(1, 1)),
        (1.0, 1.0, Slowness(1, 1)),
        (8.0, 1.0, Slowness(8, 1)),
        (1.0, 5.0, Slowness(5, 5)),
        (20.0, 5.0, Slowness(20, 5)),
        (10_000.0, 1.0, Slowness(MOST, 1)),
    ],
    ids=["faster", "usual", "cold disk", "slow processor", "both", "stopped meanwhile"],
)
def test_a_machine_is_as_slow_as_what_it_took_to_load_and_to_compute(
    loading: float, sample: float, expected: Slowness
) -> None:
    assert slowness(loading * USUAL_LOADING_S, sample * USUAL_SAMPLE_S) == expected


def test_a_cold_disk_makes_nobody_wait_longer_for_one_that_hangs_at_work_f18() -> None:
    limits = Deadlines.of(SupervisionConfig(), slowness=Slowness(start=8, processor=1))
    assert (limits.startup_deadline_s, limits.heartbeat_timeout_s) == (240, 3)
    assert limits.stop_deadline_s == SupervisionConfig().stop_deadline_s


def test_deadlines_that_an_actor_has_of_its_own_grow_too() -> None:
    limits = Deadlines.of(SupervisionConfig(), 2, 1.5, Slowness(start=10, processor=4))
    assert (limits.startup_deadline_s, limits.heartbeat_timeout_s) == (20, 6)


def test_this_machine_is_measured_in_a_moment() -> None:
    here = measured(USUAL_LOADING_S * 3)
    assert here.start >= 3
    assert 1 <= here.processor <= here.start
