"""Route: which backend owns the session's turns. Pure: `(state, event, now) -> decisions`."""

from __future__ import annotations

from dataclasses import replace

from pipeline.frames import Allowance, BackendState, BackendStatus, Fault
from pipeline.turns.breaker import BreakerState
from pipeline.turns.fault_policy import POLICIES
from pipeline.turns.route_events import (
    Asked,
    Broke,
    Closed,
    Decision,
    Delivered,
    Died,
    Event,
    GiveUp,
    Sounded,
    Switch,
    Tick,
    TurnBegan,
    Working,
)
from pipeline.turns.route_state import (
    Pending,
    RouteState,
    best,
    by_choice,
    excused,
    hopeless,
    initial,
    overspends,
    playing,
    proved,
)

__all__ = [
    "Asked",
    "Broke",
    "Closed",
    "Decision",
    "Delivered",
    "Died",
    "Event",
    "GiveUp",
    "Pending",
    "RouteState",
    "Sounded",
    "Switch",
    "Tick",
    "TurnBegan",
    "Working",
    "excused",
    "hopeless",
    "initial",
    "overspends",
    "proved",
    "step",
]


def step(state: RouteState, event: Event, now_s: float) -> tuple[RouteState, list[Decision]]:
    """Return what is known after `event` and what follows from it."""
    if not state.owner:
        return state, []
    state, why = _apply(state, event, now_s)
    cooled = {name: backend.cooled(now_s) for name, backend in state.backends.items()}
    state = replace(state, backends=cooled)
    why = why or _overdue(state, now_s)
    if why:
        return _leave(state, why, now_s)
    if state.leaving and not playing(state):
        return _leave(replace(state, leaving=""), state.leaving, now_s)
    state, decisions = _economise(state, now_s)
    return (state, decisions) if decisions else _return(state, now_s)


def _apply(state: RouteState, event: Event, now_s: float) -> tuple[RouteState, str]:
    """Take note of an event; a reason means that the owner has to be left."""
    match event:
        case BackendStatus() | Fault() | Died() if event.backend in state.backends:
            return _apply_backend(state, event, now_s)
        case Allowance():
            return _apply_allowance(state, event), ""
        case TurnBegan(turn) if turn not in state.turns:
            return _with_turn(state, turn, Pending(since_s=now_s)), ""
        case Asked(turn):
            pending = state.turns.get(turn, Pending())
            if pending.asked:
                return state, ""
            return _with_turn(state, turn, replace(pending, asked=True, since_s=now_s)), ""
        case Closed(turn):
            turns = {name: each for name, each in state.turns.items() if name != turn}
            return replace(state, turns=turns), ""
        case Sounded() | Working() | Delivered() | Broke() if event.turn in state.turns:
            return _note_answer(state, event, now_s)
    return state, ""


def _apply_backend(
    state: RouteState, event: BackendStatus | Fault | Died, now_s: float
) -> tuple[RouteState, str]:
    backend = state.backends[event.backend]
    why = ""
    match event:
        case BackendStatus():
            backend = backend.on_status(event, now_s)
            if event.state is BackendState.UNAVAILABLE:
                why = f"{event.backend} is unavailable: {event.reason}"
        case Fault():
            backend = backend.failed(event)
            if not POLICIES[event.fault].heals_in_time:
                why = f"{event.backend}: {event.fault.value}, {event.reason}"
        case Died():
            backend = backend.died(now_s)
    if why and backend.breaker is not BreakerState.OPEN:
        backend = backend.trip(now_s)
    state = replace(state, backends={**state.backends, event.backend: backend})
    return state, why if event.backend == state.owner else ""


def _apply_allowance(state: RouteState, allowance: Allowance) -> RouteState:
    backends = {
        name: replace(backend, refused=allowance.refused.get(name, ""))
        for name, backend in state.backends.items()
    }
    return replace(state, backends=backends, last_resort=tuple(allowance.last_resort))


def _note_answer(
    state: RouteState, event: Sounded | Working | Delivered | Broke, now_s: float
) -> tuple[RouteState, str]:
    pending = replace(state.turns[event.turn], since_s=now_s)
    why = ""
    match event:
        case Sounded(_, backend):
            pending = replace(pending, sounding=True)
            if backend == state.owner:
                state = proved(state, backend)
        case Working(_, tools):
            pending = replace(pending, tools=max(0, pending.tools + tools))
        case Delivered(_, backend) if backend == state.owner:
            pending = replace(pending, delivered=True)
        case Broke(_, backend, reason):
            if backend != state.owner:
                return state, ""  # Word of an answer that another backend has taken over.
            pending = replace(pending, tried=pending.tried | {backend})
            why = f"{backend} gave no answer: {reason}"
    return _with_turn(state, event.turn, pending), why


def _with_turn(state: RouteState, turn: str, pending: Pending) -> RouteState:
    return replace(state, turns={**state.turns, turn: pending})


def _overdue(state: RouteState, now_s: float) -> str:
    """Say why waiting any longer is no use, if it is not."""
    config, owner = state.config, state.owner
    first = owner == config.backends[0]
    patience_s = config.first_sound_s if first else config.standby_first_sound_s
    for pending in state.turns.values():
        waited_s = now_s - pending.since_s
        if not pending.asked or pending.delivered or pending.tools:
            continue
        if not pending.sounding and waited_s > patience_s:
            return f"{owner} has not answered for {patience_s:g} s"
        if pending.sounding and waited_s > config.stall_s:
            return f"{owner} broke off its answer"
    backend = state.backends[owner]
    if backend.state is BackendState.DEGRADED and now_s - backend.since_s > config.degraded_s:
        others = [b for b in state.backends.values() if b.name != owner and b.is_ready]
        if not backend.refused:
            others = [b for b in others if not b.refused]
        if others and not playing(state):
            return f"{owner} has been without connection for {config.degraded_s:g} s"
    return ""


def _leave(state: RouteState, why: str, now_s: float) -> tuple[RouteState, list[Decision]]:
    """Give the open turns to the next backend; those that nobody is left for are given up."""
    if playing(state):
        return replace(state, leaving=why), []
    tried = {state.owner}.union(*(pending.tried for pending in state.turns.values()))
    chosen = best(state, now_s, tried)
    if chosen is None:
        return _give_up(state, why, now_s)
    turns = {
        name: replace(
            pending,
            since_s=now_s,
            sounding=False,
            tools=0,
            tried=pending.tried | ({state.owner} if pending.asked else frozenset()),
        )
        for name, pending in state.turns.items()
    }
    left = state.backends[state.owner]
    if left.breaker is not BreakerState.OPEN:
        left = left.trip(now_s)
    state = replace(state, turns=turns, backends={**state.backends, left.name: left})
    return _switch(state, chosen.name, why)


def _give_up(state: RouteState, why: str, now_s: float) -> tuple[RouteState, list[Decision]]:
    asked = [name for name, pending in state.turns.items() if pending.asked]
    turns = {name: each for name, each in state.turns.items() if name not in asked}
    decisions: list[Decision] = [GiveUp(name, why) for name in asked]
    state = replace(state, turns=turns, leaving="")
    # For the next turn, whoever is ready; with nobody ready, the owner keeps trying.
    ready = next((b.name for b in by_choice(state) if b.is_ready), state.owner)
    if ready == state.owner:
        return state, decisions
    state, switched = _switch(state, ready, why)
    return state, [*decisions, *switched]


def _economise(state: RouteState, now_s: float) -> tuple[RouteState, list[Decision]]:
    """Leave a backend whose budget is used up; nobody is interrupted for the sake of money."""
    owner = state.backends[state.owner]
    if not owner.refused or any(pending.asked for pending in state.turns.values()):
        return state, []
    chosen = best(state, now_s)
    if chosen is None or chosen.name == owner.name:
        return state, []
    choice = by_choice(state)
    if chosen.refused and not (chosen.is_ready and choice.index(chosen) < choice.index(owner)):
        return state, []
    return _switch(state, chosen.name, f"{owner.name}: {owner.refused}")


def _return(state: RouteState, now_s: float) -> tuple[RouteState, list[Decision]]:
    """Go back to a preferred backend, between turns, once it has been ready for long enough."""
    if state.turns:
        return state, []
    for name, backend in state.backends.items():
        if name == state.owner:
            break
        # Each time in a row that it broke, it has to be ready for longer.
        stable_s = state.config.stable_s * (1 + backend.trips)
        if backend.is_ready and not backend.refused and now_s - backend.since_s >= stable_s:
            return _switch(state, name, f"{name} has been ready for {stable_s:g} s")
    return state, []


def _switch(state: RouteState, owner: str, why: str) -> tuple[RouteState, list[Decision]]:
    epoch = state.epoch + 1
    state = replace(state, owner=owner, epoch=epoch, reason=why, leaving="")
    return state, [Switch(owner, epoch, why)]
