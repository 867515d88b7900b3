"""A supervised actor: restarts, back-off, containment, hanging, stopping."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.config.model import SupervisionConfig
from pipeline.launch.start_progress import BUSY_FACTOR
from pipeline.supervision.lifecycle import (
    Deadlines,
    Event,
    ProcessAction,
    ProcessHistory,
    ProcessState,
    excused,
    step,
)

LIMITS = Deadlines(
    startup_deadline_s=10,
    heartbeat_timeout_s=3,
    backoff_first_s=0.1,
    backoff_max_s=0.8,
    stable_s=5,
    intensity=4,
    intensity_window_s=30,
    contained_retry_s=10,
    stop_deadline_s=3,
    dump_s=0.25,
)
PATIENT = replace(LIMITS, intensity=1000)
"""Never contains."""


class Story:
    """An actor's history, event by event; keeps all that was asked for."""

    def __init__(self, limits: Deadlines = LIMITS) -> None:
        self.limits = limits
        self.history = ProcessHistory()
        self.now_s = 100.0
        self.actions: list[ProcessAction] = []

    def then(self, event: Event, after_s: float = 0.0) -> list[ProcessAction]:
        self.now_s += after_s
        self.history, actions = step(self.history, event, self.now_s, self.limits)
        self.actions += actions
        return actions

    def start(self) -> Story:
        assert self.then(Event.MAY_START) == [ProcessAction.SPAWN]
        return self

    def run(self) -> Story:
        self.start()
        assert self.then(Event.BECAME_READY) == []
        assert self.history.state is ProcessState.RUNNING
        return self

    def restart_delay_s(self) -> float:
        """Exit, then let time pass until the next process is asked for."""
        self.then(Event.EXITED)
        begun_s = self.now_s
        while ProcessAction.SPAWN not in self.then(Event.TICK):
            assert self.now_s - begun_s < 100, f"never restarted: {self.history}"
            self.now_s += 0.01
        return round(self.now_s - begun_s, 2)


def test_nothing_is_started_before_it_may() -> None:
    story = Story()
    assert story.then(Event.TICK, 1000) == []
    assert story.history.state is ProcessState.WAITING
    assert story.then(Event.MAY_START) == [ProcessAction.SPAWN]
    assert story.history.state is ProcessState.STARTING
    assert story.history.starts == 1


def test_the_first_restart_is_immediate_and_the_back_off_doubles_up_to_its_maximum_f18() -> None:
    story = Story(PATIENT).run()
    delays = [story.restart_delay_s() for _ in range(7)]
    assert delays == pytest.approx([0.0, 0.1, 0.2, 0.4, 0.8, 0.8, 0.8], abs=0.011)


def test_running_stably_clears_the_back_off_f18() -> None:
    story = Story(PATIENT).run()
    for _ in range(5):
        story.restart_delay_s()
    story.then(Event.BECAME_READY)
    story.then(Event.BEAT, 2.5)
    story.then(Event.BEAT, 2.5)
    assert story.history.backoff_s == 0
    # Not the first failure of this window: it waits, but as briefly as at the first repetition.
    assert story.restart_delay_s() == pytest.approx(0.1, abs=0.011)


def test_a_crash_long_after_the_last_one_is_restarted_at_once_again_f18() -> None:
    story = Story().run()
    story.restart_delay_s()
    story.restart_delay_s()
    story.then(Event.BECAME_READY)
    for _ in range(40):
        assert story.then(Event.BEAT, 1.0) == []
    assert story.restart_delay_s() == 0.0


def test_a_crash_before_it_ran_stably_keeps_the_back_off_growing_f18() -> None:
    story = Story(PATIENT).run()
    delays = []
    for _ in range(5):
        delays.append(story.restart_delay_s())
        story.then(Event.BECAME_READY, 0.5)
        story.then(Event.BEAT, 0.5)
    assert delays == pytest.approx([0.0, 0.1, 0.2, 0.4, 0.8], abs=0.011)


def test_more_failures_than_the_intensity_contain_it_and_it_is_retried_slowly_f18() -> None:
    story = Story().run()
    for _ in range(LIMITS.intensity):
        story.restart_delay_s()
        assert story.history.state is ProcessState.STARTING
    story.then(Event.EXITED)
    assert story.history.state is ProcessState.CONTAINED
    assert story.then(Event.TICK, LIMITS.contained_retry_s - 0.1) == []
    assert story.then(Event.TICK, 0.1) == [ProcessAction.SPAWN]
    story.then(Event.EXITED)
    assert story.history.state is ProcessState.CONTAINED, "one more failure within the window"


def test_a_contained_actor_that_comes_back_is_treated_like_any_other_once_the_window_is_over() -> (
    None
):
    story = Story().run()
    for _ in range(LIMITS.intensity):
        story.restart_delay_s()
    story.then(Event.EXITED)
    story.then(Event.TICK, LIMITS.contained_retry_s)
    story.then(Event.BECAME_READY)
    for _ in range(40):
        story.then(Event.BEAT, 1.0)
    story.then(Event.EXITED)
    assert story.history.state is ProcessState.BACKOFF
    assert story.then(Event.TICK) == [ProcessAction.SPAWN]


def test_while_starting_only_the_deadline_counts_as_hanging_not_the_heartbeat_f18() -> None:
    story = Story().start()
    assert story.then(Event.TICK, LIMITS.startup_deadline_s - 0.1) == []
    assert story.history.state is ProcessState.STARTING
    # Beats of an actor that never gets ready do not help it.
    assert story.then(Event.BEAT, 0.05) == []
    assert story.then(Event.TICK, 0.05) == [ProcessAction.DUMP_STACKS]


def test_one_that_works_on_its_start_is_left_alone_and_one_that_stops_working_is_not_f18() -> None:
    story = Story().start()
    for _ in range(5):
        assert story.then(Event.TICK, LIMITS.startup_deadline_s - 0.1) == []
        assert story.then(Event.PROGRESS) == []
    assert story.then(Event.TICK, LIMITS.startup_deadline_s - 0.1) == []
    assert story.history.state is ProcessState.STARTING
    assert story.then(Event.TICK, 0.2) == [ProcessAction.DUMP_STACKS]


def test_an_endless_loop_is_not_waited_for_for_ever_f18() -> None:
    story = Story().start()
    while story.now_s < 100 + BUSY_FACTOR * LIMITS.startup_deadline_s - 1:
        assert story.then(Event.PROGRESS, 1.0) == []
    assert story.then(Event.PROGRESS, 1.0) == [ProcessAction.DUMP_STACKS]


def test_while_running_the_heartbeat_counts_f18() -> None:
    story = Story().run()
    for _ in range(20):
        assert story.then(Event.BEAT, LIMITS.heartbeat_timeout_s - 0.1) == []
    assert story.then(Event.TICK, LIMITS.heartbeat_timeout_s - 0.1) == []
    assert story.then(Event.TICK, 0.1) == [ProcessAction.DUMP_STACKS]
    assert story.history.state is ProcessState.DUMPING


def test_a_hung_actor_is_dumped_then_killed_and_the_kill_is_repeated_until_it_is_gone_f18() -> None:
    story = Story().run()
    assert story.then(Event.TICK, LIMITS.heartbeat_timeout_s) == [ProcessAction.DUMP_STACKS]
    assert story.then(Event.TICK, LIMITS.dump_s / 2) == []
    assert story.then(Event.TICK, LIMITS.dump_s / 2) == [ProcessAction.KILL]
    assert story.then(Event.TICK, 0.05) == [ProcessAction.KILL]
    assert story.then(Event.EXITED) == []
    assert story.history.state is ProcessState.BACKOFF
    assert story.then(Event.TICK) == [ProcessAction.SPAWN]


def test_a_late_heartbeat_of_a_hung_actor_does_not_save_it() -> None:
    story = Story().run()
    story.then(Event.TICK, LIMITS.heartbeat_timeout_s)
    story.then(Event.BEAT)
    story.then(Event.BECAME_READY)
    assert story.history.state is ProcessState.DUMPING


@pytest.mark.parametrize("ready", [False, True])
def test_an_actor_past_its_memory_limit_is_dumped_and_killed(ready: bool) -> None:
    story = Story().run() if ready else Story().start()
    assert story.then(Event.TOO_BIG) == [ProcessAction.DUMP_STACKS]
    assert story.then(Event.TICK, LIMITS.dump_s) == [ProcessAction.KILL]


def test_readiness_is_earned_again_after_a_restart() -> None:
    story = Story().run()
    story.restart_delay_s()
    story.then(Event.BEAT)
    assert story.history.state is ProcessState.STARTING
    story.then(Event.BECAME_READY)
    assert story.history.state is ProcessState.RUNNING


def test_stopping_is_asked_for_first_and_forced_after_its_deadline() -> None:
    story = Story().run()
    assert story.then(Event.STOP) == [ProcessAction.TERMINATE]
    assert story.then(Event.TICK, LIMITS.stop_deadline_s - 0.1) == []
    assert story.then(Event.TICK, 0.1) == [ProcessAction.KILL]
    story.then(Event.EXITED)
    assert story.history.state is ProcessState.STOPPED


def test_an_actor_that_hangs_is_not_asked_to_stop_but_killed() -> None:
    story = Story().run()
    story.then(Event.TICK, LIMITS.heartbeat_timeout_s)
    assert story.then(Event.STOP) == [ProcessAction.KILL]
    assert story.history.state is ProcessState.STOPPING


@pytest.mark.parametrize(
    ("events", "actions", "state"),
    [
        ([], [], ProcessState.STOPPED),
        ([Event.MAY_START], [ProcessAction.TERMINATE], ProcessState.STOPPING),
        ([Event.MAY_START, Event.BECAME_READY], [ProcessAction.TERMINATE], ProcessState.STOPPING),
        ([Event.MAY_START, Event.TOO_BIG], [ProcessAction.KILL], ProcessState.STOPPING),
        ([Event.MAY_START, Event.EXITED], [], ProcessState.STOPPED),
        ([Event.MAY_START, *[Event.EXITED, Event.TICK, Event.TICK] * 9], [], ProcessState.STOPPED),
        ([Event.MAY_START, Event.STOP], [], ProcessState.STOPPING),
        ([Event.STOP], [], ProcessState.STOPPED),
    ],
)
def test_stop_in_every_state(
    events: list[Event], actions: list[ProcessAction], state: ProcessState
) -> None:
    story = Story(replace(LIMITS, backoff_first_s=1e-9, backoff_max_s=1e-9, intensity=1))
    for event in events:
        story.then(event, 0.001)
    assert story.then(Event.STOP) == actions
    assert story.history.state is state
    if state is ProcessState.STOPPING:
        story.then(Event.EXITED)
    assert story.history.state is ProcessState.STOPPED
    for event in Event:
        assert story.then(event, 1000) == []
        assert story.history.state is ProcessState.STOPPED


def test_the_limits_of_an_actor_go_before_those_of_the_pipeline() -> None:
    config = SupervisionConfig()
    own = Deadlines.of(config, startup_deadline_s=1.5, heartbeat_timeout_s=2.5)
    assert (own.startup_deadline_s, own.heartbeat_timeout_s) == (1.5, 2.5)
    common = Deadlines.of(config)
    assert common.startup_deadline_s == config.startup_deadline_s
    assert common.heartbeat_timeout_s == config.heartbeat_timeout_s


def test_time_in_which_nobody_was_watched_counts_against_nobody() -> None:
    story = Story().run()
    story.then(Event.BEAT, after_s=1.0)
    story.now_s += 3600
    story.history = excused(story.history, 3600)
    assert story.then(Event.TICK) == []
    assert story.then(Event.TICK, after_s=LIMITS.heartbeat_timeout_s - 0.1) == []
    assert story.then(Event.TICK, after_s=0.2) == [ProcessAction.DUMP_STACKS]
    starting = Story().start()
    starting.now_s += 3600
    starting.history = excused(starting.history, 3600)
    assert starting.then(Event.TICK, after_s=LIMITS.startup_deadline_s - 0.1) == []
