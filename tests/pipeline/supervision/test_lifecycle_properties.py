"""What holds of a supervised actor's history whatever happens to it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from test_lifecycle import LIMITS, Story

from pipeline.supervision.lifecycle import Event, ProcessAction, ProcessState

HAS_PROCESS = (
    ProcessState.STARTING,
    ProcessState.RUNNING,
    ProcessState.DUMPING,
    ProcessState.STOPPING,
)


class World:
    """What a supervisor and a kernel do with the actions; events are given by Hypothesis."""

    def __init__(self) -> None:
        self.story = Story()
        self.alive = False
        self.killed = False
        self.stopping = False
        self.last_death_s: float | None = None

    def apply(self, event: Event, after_s: float) -> None:
        story = self.story
        if event is Event.EXITED and not self.alive:
            event = Event.TICK
        if event in (Event.BEAT, Event.BECAME_READY, Event.TOO_BIG) and not self.alive:
            event = Event.TICK
        if event is Event.EXITED:
            self.alive = False
            self.last_death_s = story.now_s + after_s
        self.stopping = self.stopping or event is Event.STOP
        before = story.history.state
        for action in story.then(event, after_s):
            if action is ProcessAction.SPAWN:
                assert not self.alive, "two processes at once"
                assert not self.stopping, "started after it was told to stop"
                self.alive, self.killed = True, False
            else:
                assert self.alive, f"{action} without a process"
            if action is ProcessAction.KILL:
                assert before in (ProcessState.DUMPING, ProcessState.STOPPING), (
                    "killed without a warning"
                )
                self.killed = True
        assert self.alive == (story.history.state in HAS_PROCESS), story.history


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([*Event, Event.TICK, Event.TICK, Event.EXITED, Event.BECAME_READY]),
        st.sampled_from([0.0, 0.05, 0.3, 2.0, 4.0, 11.0, 40.0]),
    ),
    max_size=80,
)


@given(EVENTS)
def test_whatever_happens_there_is_never_more_than_one_process_and_none_after_stop_f18(
    events: list[tuple[Event, float]],
) -> None:
    world = World()
    for event, after_s in events:
        world.apply(event, after_s)


@given(EVENTS)
def test_whatever_happened_an_actor_that_may_run_is_running_again_in_bounded_time_f18(
    events: list[tuple[Event, float]],
) -> None:
    world = World()
    for event, after_s in events:
        if event is not Event.STOP:
            world.apply(event, after_s)
    world.apply(Event.MAY_START, 0)
    # From here on all goes well: what is killed dies, what is started gets ready and beats.
    longest_s = (
        LIMITS.heartbeat_timeout_s + LIMITS.dump_s + LIMITS.contained_retry_s + LIMITS.backoff_max_s
    )
    for _ in range(int(longest_s / 0.05) + 10):
        world.apply(Event.TICK, 0.05)
        if world.killed and world.alive:
            world.apply(Event.EXITED, 0)
        elif world.alive and world.story.history.state is ProcessState.STARTING:
            world.apply(Event.BECAME_READY, 0)
        elif world.alive and world.story.history.state is ProcessState.RUNNING:
            world.apply(Event.BEAT, 0)
    assert world.story.history.state is ProcessState.RUNNING


@given(EVENTS, st.booleans())
def test_whatever_happened_stop_ends_in_stopped_within_the_deadline(
    events: list[tuple[Event, float]], obeys: bool
) -> None:
    world = World()
    for event, after_s in events:
        world.apply(event, after_s)
    world.apply(Event.STOP, 0)
    asked_s = world.story.now_s
    while world.alive:
        world.apply(Event.TICK, 0.05)
        if obeys or world.killed:
            world.apply(Event.EXITED, 0)
        assert world.story.now_s - asked_s < LIMITS.stop_deadline_s + 0.2
    assert world.story.history.state is ProcessState.STOPPED


@given(st.lists(st.floats(0, 20), min_size=1, max_size=60))
def test_no_window_ever_holds_more_restarts_than_the_intensity_and_the_slow_retries_f18(
    lifetimes_s: list[float],
) -> None:
    story = Story().start()
    spawned_s = [story.now_s]
    for lifetime_s in lifetimes_s:
        story.then(Event.BECAME_READY)
        story.now_s += lifetime_s
        story.history = replace(story.history, beat_s=story.now_s)
        story.then(Event.EXITED)
        while ProcessAction.SPAWN not in story.then(Event.TICK):
            story.now_s += 0.05
        spawned_s.append(story.now_s)
    slow = LIMITS.intensity_window_s / LIMITS.contained_retry_s
    for begun_s in spawned_s:
        within = [s for s in spawned_s if begun_s <= s < begun_s + LIMITS.intensity_window_s]
        assert len(within) <= 1 + LIMITS.intensity + slow + 1
