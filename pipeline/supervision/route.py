"""Which backend owns the session's turns: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pipeline.frames import BackendState, BackendStatus, Fault


@dataclass(frozen=True)
class RouteState:
    """What is known of the backends, and who owns the route."""

    backends: tuple[str, ...]
    owner: str
    epoch: int = 1
    reason: str = "first in the config"
    states: dict[str, BackendStatus] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)


def initial(backends: tuple[str, ...]) -> RouteState:
    """The preferred backend owns the route."""
    return RouteState(backends, backends[0] if backends else "")


def observe(state: RouteState, event: BackendStatus | Fault) -> RouteState:
    """Take note of what a backend said."""
    if event.backend not in state.backends:
        return state
    if isinstance(event, Fault):
        return replace(state, faults={**state.faults, event.backend: event})
    faults = dict(state.faults)
    if event.state is BackendState.READY:
        faults.pop(event.backend, None)
    return replace(state, states={**state.states, event.backend: event}, faults=faults)


def hopeless(state: RouteState) -> Fault | None:
    """Return the preferred backend's fault if no backend can ever answer, else None."""
    for backend in state.backends:
        status, fault = state.states.get(backend), state.faults.get(backend)
        if status is None or status.state is not BackendState.UNAVAILABLE:
            return None
        if fault is None or fault.retry:
            return None
    return state.faults[state.backends[0]] if state.backends else None
