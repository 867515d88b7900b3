"""Tells the pipeline how the backend is for a session."""

from __future__ import annotations

from typing import Any

from actors.backends.fault_info import FaultInfo
from actors.backends.realtime.health_summary import HealthSummary
from actors.backends.realtime.reconnect_policy import Decision
from pipeline.actor import Actor
from pipeline.frames import BackendState, BackendStatus, Fault
from pipeline.logs import Logger


class StatusReporter:
    """Publishes `status` and `faults` in the name of an actor.

    Args:
        actor: Whose name.
        session: Of all frames.
        log: Of the session.
        summary: Of all sessions, for the actor's own state.
    """

    def __init__(
        self, actor: Actor[Any], session: str, log: Logger, summary: HealthSummary
    ) -> None:
        self._actor = actor
        self._session = session
        self._log = log
        self._summary = summary

    def status(
        self, state: BackendState, reason: str = "", retry_after_s: float | None = None
    ) -> None:
        """Whether turns can be answered."""
        self._summary.update(self._session, state, reason)
        frame = BackendStatus(
            session=self._session,
            backend=self._actor.name,
            state=state,
            reason=reason,
            retry_after_s=retry_after_s,
        )
        self._actor.publish("status", frame)

    def fault(self, info: FaultInfo, decision: Decision) -> None:
        """What went wrong, and what that means for the turns."""
        actor = self._actor
        actor.counters[f"faults_{info.fault}"] += 1
        said = "the connection ended"
        if decision.another_key:
            said = "the connection ended; another API key is used"
        elif decision.wait_s is None:
            said = "giving up"
        self._log.warning(
            said,
            fault=str(info.fault),
            code=info.code,
            reason=info.reason,
            advice=info.advice,
            next_try_s=decision.wait_s,
        )
        if not decision.another_key:
            # A fault moves the route away; with another key the turn goes on here.
            frame = Fault(
                session=self._session,
                backend=actor.name,
                fault=info.fault,
                code=info.code,
                reason=info.reason,
                advice=info.advice,
                retry=decision.wait_s is not None,
                retry_after_s=decision.wait_s,
            )
            actor.publish("faults", frame)
        self.status(decision.state, str(info), decision.wait_s)
