"""State of the route: backends, owner, open turns; and which backend would be next. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from pipeline.config.model import RouteConfig
from pipeline.frames import Fault
from pipeline.turns.breaker import CircuitBreaker


@dataclass(frozen=True)
class Pending:
    """A turn without an outcome."""

    asked: bool = False
    since_s: float = 0.0
    """When it last moved on: was asked, handed to another backend, heard."""
    sounding: bool = False
    delivered: bool = False
    tools: int = 0
    tried: frozenset[str] = frozenset()
    """Backends that gave it up."""


@dataclass(frozen=True)
class RouteState:
    """The backends in order of preference, who owns the route, and the open turns."""

    config: RouteConfig
    backends: dict[str, CircuitBreaker]
    owner: str
    epoch: int = 1
    reason: str = "first in the config"
    turns: dict[str, Pending] = field(default_factory=dict)
    leaving: str = ""
    """Why the owner is to be left as soon as the answer that is being played is over."""
    last_resort: tuple[str, ...] = ()
    """Backends whose budget is used up, the cheapest first."""


def initial(config: RouteConfig, now_s: float = 0.0, like: RouteState | None = None) -> RouteState:
    """The preferred backend owns the route.

    Args:
        config: The backends.
        now_s: Monotonic time.
        like: Another session: what is known there of the backends, and concerns all, is known here.
    """
    first = config.backends[0] if config.backends else ""
    if like is None or not first:
        backends = {name: CircuitBreaker(name, since_s=now_s) for name in config.backends}
        return RouteState(config, backends, first)
    backends = {name: each.elsewhere(now_s) for name, each in like.backends.items()}
    state = RouteState(config, backends, first, last_resort=like.last_resort)
    chosen = best(state, now_s)
    if chosen is None or chosen.name == first:
        return state
    return replace(state, owner=chosen.name, reason=f"{first} is not to be asked")


def for_another_model(state: RouteState, now_s: float) -> RouteState:
    """Leave out what is known of the backends that is of the model which this session asks."""
    backends = {name: each.of_another_model(now_s) for name, each in state.backends.items()}
    return replace(state, backends=backends)


def hopeless(state: RouteState) -> Fault | None:
    """Return the preferred backend's fault if no backend can ever answer, else None."""
    if state.owner and all(backend.is_hopeless for backend in state.backends.values()):
        return next(iter(state.backends.values())).fault
    return None


def overspends(state: RouteState) -> bool:
    """Whether a backend answers whose budget is used up, since nobody else can."""
    if not (state.owner and state.backends[state.owner].refused):
        return False
    return not any(each.is_possible and not each.refused for each in state.backends.values())


def proved(state: RouteState, backend: str) -> RouteState:
    """Return the same with nothing held against a backend that answered."""
    known = state.backends.get(backend)
    if known is None or known.proved() is known:
        return state
    return replace(state, backends={**state.backends, backend: known.proved()})


def excused(state: RouteState, now_s: float) -> RouteState:
    """Return the same with nothing waited for until now, as everything may have been stopped."""
    turns = {name: replace(pending, since_s=now_s) for name, pending in state.turns.items()}
    backends = {
        name: backend if backend.is_ready else replace(backend, since_s=now_s)
        for name, backend in state.backends.items()
    }
    return replace(state, turns=turns, backends=backends)


def playing(state: RouteState) -> bool:
    """The answer to every asked turn is complete: changing now would cut or double it."""
    asked = [pending for pending in state.turns.values() if pending.asked]
    return bool(asked) and all(pending.delivered for pending in asked)


def by_choice(state: RouteState) -> list[CircuitBreaker]:
    """All backends: within their budgets as configured, then the others by what they cost."""

    def cost(backend: CircuitBreaker) -> int:
        known = backend.name in state.last_resort
        return state.last_resort.index(backend.name) if known else len(state.last_resort)

    backends = list(state.backends.values())
    return [b for b in backends if not b.refused] + sorted(
        (b for b in backends if b.refused), key=cost
    )


def best(state: RouteState, now_s: float, tried: Collection[str] = ()) -> CircuitBreaker | None:
    """The backend to ask next: budget counts for more than being ready, being ready than rank.

    While nobody waits for an answer, one that is starting is as good as a ready one.
    """
    waiting = any(pending.asked for pending in state.turns.values())
    rest = [b for b in by_choice(state) if b.name not in tried]
    for group in ([b for b in rest if not b.refused], [b for b in rest if b.refused]):
        chosen = next(
            (b for b in group if b.is_ready or (not waiting and b.is_starting(now_s))), None
        )
        chosen = chosen or next((b for b in group if b.is_possible), None)
        if chosen is not None:
            return chosen
    return None
