"""Who answers: decisions of the route, one rule at a time, and what always holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.model import RouteConfig
from pipeline.frames import Allowance, BackendState, BackendStatus, Fault, FaultClass
from pipeline.turns import route
from pipeline.turns.breaker import STARTING_S, BreakerState
from pipeline.turns.route import (
    Asked,
    Broke,
    Closed,
    Decision,
    Delivered,
    Died,
    Event,
    GiveUp,
    RouteState,
    Sounded,
    Switch,
    Tick,
    TurnBegan,
    Working,
    initial,
    step,
)

CONFIG = RouteConfig(backends=["live", "http", "device"])


def status(backend: str, state: BackendState = BackendState.READY) -> BackendStatus:
    return BackendStatus(backend=backend, state=state, reason="test")


def fault(
    backend: str, kind: FaultClass, retry: bool = True, after_s: float | None = None
) -> Fault:
    return Fault(backend=backend, fault=kind, reason="test", retry=retry, retry_after_s=after_s)


def allow_all_but(*backends: str) -> Allowance:
    """The budgets of these are used up; the last of them is the cheapest."""
    return Allowance(
        refused={name: f"{name} has cost too much" for name in backends},
        last_resort=list(reversed(backends)),
    )


class Scene:
    """Runs events through the route and keeps what it decided."""

    def __init__(self, config: RouteConfig = CONFIG) -> None:
        self.state = initial(config)
        self.now_s = 0.0
        self.decisions: list[Decision] = []
        for backend in config.backends:
            self.happens(status(backend))

    def happens(self, *events: Event, after_s: float = 0.0) -> list[Decision]:
        self.now_s += after_s
        made: list[Decision] = []
        for event in events:
            self.state, decisions = step(self.state, event, self.now_s)
            made += decisions
        self.decisions += made
        return made

    def asked(self, turn: str = "t1") -> None:
        self.happens(TurnBegan(turn), Asked(turn))


def test_quota_in_the_middle_of_speech_hands_the_turn_over_at_once_f1() -> None:
    scene = Scene()
    scene.happens(TurnBegan("t1"))
    (switch,) = scene.happens(fault("live", FaultClass.QUOTA))
    assert switch == Switch("http", 2, "live: quota, test")


def test_quota_between_turns_hands_the_next_turn_over() -> None:
    scene = Scene()
    scene.happens(fault("live", FaultClass.QUOTA))
    assert scene.state.owner == "http"


@pytest.mark.parametrize(
    ("kind", "owner"), [(FaultClass.CONCURRENCY, "live"), (FaultClass.QUOTA, "http")]
)
def test_who_gets_a_place_need_not_wait_any_longer(kind: FaultClass, owner: str) -> None:
    scene = Scene()
    scene.happens(fault("live", kind, after_s=60), status("live", BackendState.UNAVAILABLE))
    assert scene.state.owner == "http"
    scene.happens(status("live"), after_s=1)
    scene.happens(Tick(), after_s=CONFIG.stable_s + 1)
    scene.asked()
    assert scene.state.owner == owner


def test_who_waits_for_a_place_is_not_made_to_wait_longer_each_time() -> None:
    scene = Scene()
    for _ in range(5):
        scene.happens(fault("live", FaultClass.CONCURRENCY, after_s=5), after_s=6)
    assert scene.state.backends["live"].open_until_s == scene.now_s + 5


def starting(*ready: str) -> Scene:
    """A pipeline that has just started, with these backends ready."""
    scene = Scene()
    scene.state = initial(CONFIG)
    for backend in ready:
        scene.happens(status(backend))
    return scene


def test_quota_during_the_start_waits_for_the_next_backend_to_start_f1() -> None:
    scene = starting("device")
    scene.happens(TurnBegan("t1"), fault("live", FaultClass.QUOTA))
    assert scene.state.owner == "http"


def test_a_turn_that_is_asked_already_goes_to_a_backend_that_has_started() -> None:
    scene = starting("device")
    scene.asked()
    scene.happens(fault("live", FaultClass.QUOTA))
    assert scene.state.owner == "device"


def test_a_backend_that_dies_whenever_it_starts_is_not_waited_for() -> None:
    scene = starting("device")
    for _ in range(20):
        scene.happens(Died("http"), after_s=STARTING_S / 10)
    scene.happens(fault("live", FaultClass.QUOTA))
    assert scene.state.owner == "device"


def test_a_backend_that_said_what_is_wrong_is_not_waited_for() -> None:
    scene = starting("device")
    scene.happens(fault("http", FaultClass.NETWORK), fault("live", FaultClass.QUOTA))
    assert scene.state.owner == "device"


def test_a_network_fault_is_waited_out_while_nobody_waits_for_an_answer() -> None:
    scene = Scene()
    down = status("live", BackendState.DEGRADED)
    assert not scene.happens(fault("live", FaultClass.NETWORK), down, Tick())
    assert not scene.happens(status("live"), Tick(), after_s=1.0)
    assert scene.state.owner == "live"


def test_a_connection_that_stays_away_hands_over_before_anybody_asks() -> None:
    scene = Scene()
    scene.happens(status("live", BackendState.DEGRADED))
    assert scene.happens(Tick(), after_s=CONFIG.degraded_s + 0.1)
    assert scene.state.owner == "http"


def test_no_first_sound_in_time_hands_the_turn_over_f9() -> None:
    scene = Scene()
    scene.asked()
    assert not scene.happens(Tick(), after_s=CONFIG.first_sound_s - 0.1)
    (switch,) = scene.happens(Tick(), after_s=0.2)
    assert isinstance(switch, Switch)
    assert switch.owner == "http"
    assert "4 s" in switch.reason


def test_a_tool_that_is_running_is_no_silence() -> None:
    scene = Scene()
    scene.asked()
    scene.happens(Working("t1", tools=1))
    assert not scene.happens(Tick(), after_s=20)
    assert not scene.happens(Working("t1", tools=-1), Tick(), after_s=1)
    assert scene.happens(Tick(), after_s=CONFIG.first_sound_s + 0.1)


def test_an_answer_that_stalls_is_given_by_the_next_backend() -> None:
    scene = Scene()
    scene.asked()
    scene.happens(Sounded("t1", "live"), after_s=1)
    assert not scene.happens(Sounded("t1", "live"), Tick(), after_s=3)
    assert scene.happens(Tick(), after_s=CONFIG.stall_s + 0.1)
    assert scene.state.owner == "http"


def test_an_answer_that_is_complete_is_played_to_its_end_before_the_route_changes() -> None:
    scene = Scene()
    scene.asked()
    scene.happens(Sounded("t1", "live"), Delivered("t1", "live"))
    assert not scene.happens(fault("live", FaultClass.QUOTA))
    assert not scene.happens(Tick(), after_s=60)
    (switch,) = scene.happens(Closed("t1"))
    assert isinstance(switch, Switch)
    assert switch.owner == "http"


def test_an_empty_answer_counts_as_none_and_every_backend_gets_its_chance_f10() -> None:
    scene = Scene()
    scene.asked()
    for backend, following in (("live", "http"), ("http", "device")):
        (switch,) = scene.happens(Broke("t1", backend, "the answer was empty"))
        assert isinstance(switch, Switch)
        assert switch.owner == following
    gave_up = scene.happens(Broke("t1", "device", "it has no words"))
    assert gave_up == [GiveUp("t1", "device gave no answer: it has no words")]


def test_word_of_an_answer_from_a_backend_that_lost_the_route_changes_nothing() -> None:
    scene = Scene()
    scene.asked()
    scene.happens(fault("live", FaultClass.QUOTA))
    assert not scene.happens(Broke("t1", "live", "connection closed"))
    assert scene.state.owner == "http"


def test_a_backend_that_is_not_ready_is_passed_over() -> None:
    scene = Scene()
    scene.happens(status("http", BackendState.UNAVAILABLE))
    scene.happens(fault("live", FaultClass.AUTH))
    assert scene.state.owner == "device"


def test_with_a_single_backend_a_turn_it_gives_up_has_failed() -> None:
    scene = Scene(RouteConfig(backends=["live"]))
    scene.asked()
    assert scene.happens(Broke("t1", "live", "quota")) == [
        GiveUp("t1", "live gave no answer: quota")
    ]
    assert scene.state.owner == "live"


def test_the_route_returns_between_turns_when_the_cool_down_is_over() -> None:
    scene = Scene()
    scene.happens(fault("live", FaultClass.QUOTA, after_s=30.0))
    assert scene.state.owner == "http"
    assert not scene.happens(Tick(), after_s=29)
    scene.asked("t2")
    assert not scene.happens(Tick(), after_s=2)
    (switch,) = scene.happens(Closed("t2"))
    assert isinstance(switch, Switch)
    assert switch.owner == "live"
    assert scene.state.backends["live"].breaker is BreakerState.HALF_OPEN


def test_a_probe_that_answers_closes_the_breaker_and_one_that_fails_doubles_the_wait() -> None:
    scene = Scene()
    scene.happens(fault("live", FaultClass.QUOTA, after_s=30.0))
    scene.happens(Tick(), after_s=60)
    assert scene.state.owner == "live"
    scene.happens(fault("live", FaultClass.QUOTA, after_s=30.0))
    backend = scene.state.backends["live"]
    assert backend.open_until_s - scene.now_s == 60.0
    scene.happens(Tick(), after_s=120)
    assert scene.state.owner == "live"
    scene.happens(TurnBegan("t3"), Asked("t3"), Sounded("t3", "live"))
    assert scene.state.backends["live"].breaker is BreakerState.CLOSED
    assert scene.state.backends["live"].trips == 0


def test_the_route_does_not_flap_back_to_a_backend_that_was_ready_only_for_a_moment() -> None:
    scene = Scene()
    scene.happens(status("live", BackendState.DEGRADED))
    scene.happens(Tick(), after_s=3)
    assert scene.state.owner == "http"
    scene.happens(status("live"), after_s=60)
    assert not scene.happens(Tick(), after_s=1)
    assert scene.happens(Tick(), after_s=30)
    assert scene.state.owner == "live"


def test_a_process_that_died_has_time_to_come_back_before_the_watchdog() -> None:
    scene = Scene()
    scene.asked()
    assert not scene.happens(Died("live"), Tick())
    assert not scene.happens(status("live"), Tick(), after_s=0.5)
    assert scene.state.owner == "live"


def test_a_backend_whose_budget_is_used_up_is_left_between_turns_f24() -> None:
    scene = Scene()
    (switch,) = scene.happens(allow_all_but("live"))
    assert switch == Switch("http", 2, "live: live has cost too much")
    assert scene.state.backends["live"].breaker is BreakerState.CLOSED, (
        "that is no fault of its own"
    )


def test_an_answer_in_progress_is_finished_by_a_backend_whose_budget_is_used_up_f24() -> None:
    scene = Scene()
    scene.asked()
    scene.happens(Sounded("t1", "live"), allow_all_but("live"))
    assert scene.state.owner == "live"
    scene.happens(Sounded("t1", "live"), Delivered("t1", "live"), Tick(), after_s=2)
    assert scene.state.owner == "live"
    (switch,) = scene.happens(Closed("t1"))
    assert isinstance(switch, Switch)
    assert switch.owner == "http"


def test_a_turn_begun_over_that_answer_is_for_the_next_backend_f24() -> None:
    scene = Scene()
    scene.asked()
    scene.happens(Sounded("t1", "live"), allow_all_but("live"), TurnBegan("t2"))
    (switch,) = scene.happens(Closed("t1"))
    assert isinstance(switch, Switch)
    assert switch.owner == "http"


def test_a_backend_whose_budget_is_used_up_is_not_returned_to_until_it_is_allowed_f24() -> None:
    scene = Scene()
    scene.happens(allow_all_but("live"))
    assert not scene.happens(Tick(), after_s=3600)
    (switch,) = scene.happens(allow_all_but())
    assert isinstance(switch, Switch)
    assert switch.owner == "live"


def test_a_backend_within_its_budget_that_is_not_ready_yet_comes_before_one_that_is_not_f24() -> (
    None
):
    scene = Scene(RouteConfig(backends=["live", "http"]))
    scene.happens(status("http", BackendState.CONNECTING), allow_all_but("live"))
    assert scene.state.owner == "http"


def test_when_every_budget_is_used_up_the_cheapest_backend_answers_f24() -> None:
    scene = Scene(RouteConfig(backends=["live", "http"]))
    scene.happens(allow_all_but("live", "http"))
    assert scene.state.owner == "http"
    assert route.overspends(scene.state)
    scene.asked()
    scene.happens(Sounded("t1", "http"), Delivered("t1", "http"), Closed("t1"))
    assert not scene.happens(Tick(), after_s=3600)
    assert scene.state.owner == "http"


def test_a_turn_that_nobody_within_a_budget_can_answer_is_not_lost_f24() -> None:
    scene = Scene()
    scene.happens(allow_all_but("live", "http"))
    assert scene.state.owner == "device"
    assert not route.overspends(scene.state)
    scene.asked()
    (switch,) = scene.happens(Broke("t1", "device", "it has no words"))
    assert isinstance(switch, Switch)
    assert switch.owner == "http"
    (switch,) = scene.happens(fault("http", FaultClass.QUOTA))
    assert isinstance(switch, Switch)
    assert switch.owner == "live"
    assert route.overspends(scene.state)


def test_a_lost_connection_is_no_reason_to_go_to_a_backend_whose_budget_is_used_up_f24() -> None:
    scene = Scene(RouteConfig(backends=["live", "http"]))
    scene.happens(allow_all_but("live"), status("http", BackendState.DEGRADED))
    assert not scene.happens(Tick(), after_s=60)
    scene.asked()
    assert scene.happens(Tick(), after_s=CONFIG.standby_first_sound_s + 0.1)
    assert scene.state.owner == "live", "a turn is not lost for the sake of money"


def test_without_backends_nothing_is_decided() -> None:
    state, decisions = step(initial(RouteConfig()), Asked("t1"), 0.0)
    assert state == initial(RouteConfig())
    assert not decisions


def test_only_when_nothing_can_ever_work_is_it_hopeless() -> None:
    scene = Scene(RouteConfig(backends=["live", "http"]))
    scene.happens(fault("live", FaultClass.AUTH, retry=False))
    scene.happens(status("live", BackendState.UNAVAILABLE))
    assert route.hopeless(scene.state) is None
    scene.happens(fault("http", FaultClass.AUTH, retry=False))
    scene.happens(status("http", BackendState.UNAVAILABLE))
    assert route.hopeless(scene.state) is not None


BACKENDS = st.sampled_from(["live", "http", "device"])
TURNS = st.sampled_from(["t1", "t2", "t3"])
EVENTS = st.one_of(
    st.builds(TurnBegan, TURNS),
    st.builds(Asked, TURNS),
    st.builds(Sounded, TURNS, BACKENDS),
    st.builds(Working, TURNS, st.sampled_from([-1, 0, 1])),
    st.builds(Delivered, TURNS, BACKENDS),
    st.builds(Broke, TURNS, BACKENDS, st.just("test")),
    st.builds(Closed, TURNS),
    st.builds(Died, BACKENDS),
    st.just(Tick()),
    st.builds(status, BACKENDS, st.sampled_from(BackendState)),
    st.builds(fault, BACKENDS, st.sampled_from(FaultClass), st.booleans()),
    st.lists(BACKENDS, unique=True, max_size=3).map(lambda names: allow_all_but(*names)),
)


Story = list[tuple[Event, float]]
"""What happens, and how long after the event before, in seconds."""
STORIES = st.lists(st.tuples(EVENTS, st.floats(0, 10)), max_size=40)


def steps(story: Story) -> Iterator[tuple[RouteState, Event, RouteState, list[Decision]]]:
    """Yield the state before each event, the event, the state after it, and what was decided."""
    state, now_s = initial(CONFIG), 0.0
    for event, wait_s in story:
        before, now_s = state, now_s + wait_s
        state, decisions = step(before, event, now_s)
        yield before, event, state, decisions


def after(story: Story) -> tuple[RouteState, float]:
    """Return the state and the time at the end."""
    states = [initial(CONFIG), *(state for _, _, state, _ in steps(story))]
    return states[-1], sum(wait_s for _, wait_s in story)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 30)), max_size=60))
def test_whatever_happens_the_epoch_grows_with_each_change_and_no_turn_is_given_up_twice(
    story: Story,
) -> None:
    given_up: set[str] = set()
    for before, event, state, decisions in steps(story):
        if isinstance(event, TurnBegan | Asked):
            given_up.discard(event.turn)
        owner, epoch = before.owner, before.epoch
        for decision in decisions:
            match decision:
                case Switch():
                    assert decision.owner != owner
                    assert decision.epoch == epoch + 1
                    assert decision.reason
                    owner, epoch = decision.owner, decision.epoch
                case GiveUp(turn):
                    assert turn not in given_up
                    assert turn not in state.turns
                    given_up.add(turn)
        assert (state.owner, state.epoch) == (owner, epoch)
        assert state.owner in state.backends


@given(STORIES)
def test_a_turn_that_was_asked_is_never_waited_for_without_end(
    story: Story,
) -> None:
    state, now_s = after(story)
    # Tools that never come back and answers that never finish playing are the ledger's to end.
    turns = {n: replace(p, tools=0, delivered=False) for n, p in state.turns.items() if p.asked}
    state = replace(state, turns=turns)
    for _ in range(100):
        now_s += 1.0
        state, _ = step(state, Tick(), now_s)
    assert not any(pending.asked for pending in state.turns.values())


@given(STORIES)
def test_between_turns_nobody_over_his_budget_answers_while_another_could_f24(
    story: Story,
) -> None:
    state, now_s = after(story)
    for turn in list(state.turns):
        state, _ = step(state, Closed(turn), now_s)
    # One to see the end of a cool-down or of patience with a lost connection, one to be thrifty.
    for _ in range(2):
        state, _ = step(state, Tick(), now_s)
    refused = {name for name, each in state.backends.items() if each.refused}
    possible = {name for name, each in state.backends.items() if each.is_possible}
    assert state.owner not in refused or not possible - refused
    assert route.overspends(state) == (state.owner in refused)


@given(STORIES)
def test_no_turn_is_given_up_for_the_sake_of_money_f24(
    story: Story,
) -> None:
    for before, event, state, decisions in steps(story):
        if any(isinstance(each, GiveUp) for each in decisions):
            tried = {before.owner}.union(*(each.tried for each in before.turns.values()))
            if isinstance(event, Broke):
                tried.add(event.backend)
            left = {n for n, each in state.backends.items() if each.is_possible} - tried
            assert not left


@given(STORIES)
def test_a_budget_never_changes_the_route_while_an_answer_is_waited_for_f24(
    story: Story,
) -> None:
    for before, event, state, decisions in steps(story):
        for decision in decisions:
            if isinstance(decision, Switch) and "has cost too much" in decision.reason:
                assert not any(each.asked for each in state.turns.values())
                assert before.backends[before.owner].refused or isinstance(event, Allowance)
