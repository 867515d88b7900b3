"""The best of all sessions as the state of the actor."""

from __future__ import annotations

from typing import Any

from actors.backends.status import shown
from pipeline.actor import Actor
from pipeline.frames import ActorState, BackendState

ORDER = (
    BackendState.READY,
    BackendState.CONNECTING,
    BackendState.DEGRADED,
    BackendState.UNAVAILABLE,
)
"""Best first."""


class HealthSummary:
    """Counts sessions by state, so that one of many that changes costs as little as one of one."""

    def __init__(self, actor: Actor[Any]) -> None:
        self._actor = actor
        self._states: dict[str, BackendState] = {}
        self._reasons: dict[BackendState, dict[str, str]] = {state: {} for state in ORDER}

    def update(self, session: str, state: BackendState, reason: str) -> None:
        """A session's connection is in this state."""
        self._discard(session)
        self._states[session] = state
        self._reasons[state][session] = reason
        self._refresh()

    def forget(self, session: str) -> None:
        """A session has no connection any more, and wants none."""
        if session in self._states:
            self._discard(session)
            self._refresh()

    def nobody(self) -> None:
        """No session wants a connection, and nothing is known against the service."""
        if not self._states:
            self._actor.set_state(ActorState.READY, "nobody is connected")

    def _discard(self, session: str) -> None:
        if session in self._states:
            del self._reasons[self._states.pop(session)][session]

    def _refresh(self) -> None:
        self._actor.gauges["connected"] = len(self._reasons[BackendState.READY])
        best = next((state for state in ORDER if self._reasons[state]), None)
        if best is None:
            self.nobody()
        else:
            reason = next(iter(self._reasons[best].values()))
            self._actor.set_state(shown(best), reason)
