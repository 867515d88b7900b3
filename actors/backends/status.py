"""How the state of a backend shows as that of its actor."""

from __future__ import annotations

from pipeline.frames import ActorState, BackendState

_SHOWN = {BackendState.CONNECTING: ActorState.CONNECTING, BackendState.READY: ActorState.READY}


def shown(state: BackendState) -> ActorState:
    """Return what a backend in this state shows as an actor.

    One that cannot answer is `degraded`: it works, the service does not.
    """
    return _SHOWN.get(state, ActorState.DEGRADED)
