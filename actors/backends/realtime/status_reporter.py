"""Tells the pipeline how the backend is for a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.backends.gemini.faults import Verdict
from actors.backends.realtime.reconnect import Decision
from pipeline.actor import Actor
from pipeline.frames import ActorState, BackendState, BackendStatus, Fault
from pipeline.logs import Logger


class Announcer:
    """Publishes `status` and `faults` in the name of an actor.

    Args:
        actor: Whose name.
        session: Of all frames.
        log: Of the session.
        show: Takes the session, its state and why, for the actor's own state.
    """

    def __init__(
        self,
        actor: Actor[Any],
        session: str,
        log: Logger,
        show: Callable[[str, BackendState, str], None],
    ) -> None:
        self._actor = actor
        self._session = session
        self._log = log
        self._show = show

    def status(
        self, state: BackendState, reason: str = "", retry_after_s: float | None = None
    ) -> None:
        """Whether turns can be answered."""
        self._show(self._session, state, reason)
        frame = BackendStatus(
            session=self._session,
            backend=self._actor.name,
            state=state,
            reason=reason,
            retry_after_s=retry_after_s,
        )
        self._actor.publish("status", frame)

    def fault(self, verdict: Verdict, decision: Decision) -> None:
        """What went wrong, and what that means for the turns."""
        actor = self._actor
        actor.counters[f"faults_{verdict.fault}"] += 1
        self._log.warning(
            "giving up" if decision.wait_s is None else "the connection ended",
            fault=str(verdict.fault),
            code=verdict.code,
            reason=verdict.reason,
            advice=verdict.advice,
            next_try_s=decision.wait_s,
        )
        frame = Fault(
            session=self._session,
            backend=actor.name,
            fault=verdict.fault,
            code=verdict.code,
            reason=verdict.reason,
            advice=verdict.advice,
            retry=decision.wait_s is not None,
            retry_after_s=decision.wait_s,
        )
        actor.publish("faults", frame)
        self.status(decision.state, str(verdict), decision.wait_s)


class Showcase:
    """Shows the best of all sessions as the state of the actor."""

    def __init__(self, actor: Actor[Any]) -> None:
        self._actor = actor
        self._shown: dict[str, tuple[BackendState, str]] = {}

    def show(self, session: str, state: BackendState, reason: str) -> None:
        """A session's connection is in this state."""
        self._shown[session] = (state, reason)
        self._refresh()

    def forget(self, session: str) -> None:
        """A session has no connection any more, and wants none."""
        if self._shown.pop(session, None) is not None:
            self._refresh()

    def _refresh(self) -> None:
        states = self._shown.values()
        ready = sum(state is BackendState.READY for state, _ in states)
        self._actor.gauges["connected"] = ready
        if self._shown:
            best, reason = min(states, key=lambda each: ORDER.index(each[0]))
            self._actor.set_state(SHOWN.get(best, ActorState.DEGRADED), reason)


SHOWN = {BackendState.CONNECTING: ActorState.CONNECTING, BackendState.READY: ActorState.READY}
"""What a backend that cannot answer shows as an actor is `degraded`: it works, the service does
not."""
ORDER = (
    BackendState.READY,
    BackendState.CONNECTING,
    BackendState.DEGRADED,
    BackendState.UNAVAILABLE,
)
"""Best first."""
