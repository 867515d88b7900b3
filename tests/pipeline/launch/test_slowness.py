"""How slow a machine is taken to be, and which deadlines grow with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.load import load_config
from pipeline.config.model import SupervisionConfig
from pipeline.config.pace import at_pace
from pipeline.launch.slowness import (
    MOST,
    USUAL_LOADING_S,
    USUAL_SAMPLE_S,
    Slowness,
    model_slowness,
    of_sample,
    processor_slowness,
    slowness,
)
from pipeline.supervision.lifecycle import Deadlines


@pytest.mark.parametrize(
    ("loading", "sample", "expected"),
    [
        (0.2, 0.25, Slowness(1, 1, 1)),
        (1.0, 1.0, Slowness(1, 1, 1)),
        (8.0, 1.0, Slowness(8, 1, 1)),
        (1.0, 5.0, Slowness(5, 5, 5)),
        (20.0, 5.0, Slowness(20, 5, 5)),
        (10_000.0, 1.0, Slowness(MOST, 1, 1)),
    ],
    ids=["faster", "usual", "cold disk", "slow processor", "both", "stopped meanwhile"],
)
def test_a_machine_is_as_slow_as_what_it_took_to_load_and_to_compute(
    loading: float, sample: float, expected: Slowness
) -> None:
    processor = of_sample(sample * USUAL_SAMPLE_S)
    assert slowness(loading * USUAL_LOADING_S, processor) == expected


def test_a_cold_disk_makes_nobody_wait_longer_for_one_that_hangs_at_work_f18() -> None:
    limits = Deadlines.of(SupervisionConfig(), slowness=Slowness(start=8, processor=1))
    assert (limits.startup_deadline_s, limits.heartbeat_timeout_s) == (240, 3)
    assert limits.stop_deadline_s == SupervisionConfig().stop_deadline_s


def test_deadlines_that_an_actor_has_of_its_own_grow_too() -> None:
    limits = Deadlines.of(SupervisionConfig(), 2, 1.5, Slowness(start=10, processor=4))
    assert (limits.startup_deadline_s, limits.heartbeat_timeout_s) == (20, 6)


def test_this_machine_is_measured_in_a_moment() -> None:
    here = processor_slowness()
    assert 1 <= here <= MOST
    assert slowness(USUAL_LOADING_S * MOST, here) == (MOST, here, here)
    assert 1 <= model_slowness() <= MOST


def test_models_may_be_slower_than_everything_else_and_are_never_faster() -> None:
    assert slowness(USUAL_LOADING_S, processor=3, models=40) == (3, 3, 40)
    assert slowness(USUAL_LOADING_S, processor=3, models=1) == (3, 3, 3)


def test_on_a_slow_processor_answers_are_waited_for_longer() -> None:
    path = Path(__file__).parents[3] / "configs" / "robot.yaml"
    config = load_config(path, ["route.first_sound_s=3"])
    assert at_pace(config, 1) is config
    slower = at_pace(config, 20)
    assert slower.route.backends == ["live", "http", "device"]
    assert (slower.route.first_sound_s, slower.route.standby_first_sound_s) == (60, 160)
    assert slower.ledger.answer_deadline_s == 20 * config.ledger.answer_deadline_s
    # How long a better backend has to be well is no matter of the machine.
    assert slower.route.stable_s == config.route.stable_s
    assert set(type(config.route).model_fields) == {
        *("backends", "first_sound_s", "standby_first_sound_s", "stall_s", "degraded_s"),
        "stable_s",
    }, "a new field: does it grow?"
