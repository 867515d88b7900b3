"""Tells the pipeline how the backend is for a session."""

from __future__ import annotations

from typing import Any

from actors.backends.backend import Backend
from actors.backends.fault_info import FaultInfo
from actors.backends.realtime.health_summary import HealthSummary
from actors.backends.realtime.reconnect_policy import Decision
from pipeline.frames import BackendState


class StatusReporter:
    """Publishes `status` and `faults` in the name of an actor.

    Args:
        actor: Whose name.
        session: Of all frames.
        summary: Of all sessions, for the actor's own state.
    """

    def __init__(self, actor: Backend[Any], session: str, summary: HealthSummary) -> None:
        self._actor = actor
        self._session = session
        self._summary = summary

    def status(
        self, state: BackendState, reason: str = "", retry_after_s: float | None = None
    ) -> None:
        """Whether turns can be answered."""
        self._summary.update(self._session, state, reason)
        self._actor.publish_status(self._session, state, reason, retry_after_s)

    def fault(self, info: FaultInfo, decision: Decision) -> None:
        """What went wrong, and what that means for the turns."""
        actor = self._actor
        if decision.another_key:
            actor.counters[f"faults_{info.fault}"] += 1
        else:
            # A fault moves the route away; with another key the turn goes on here.
            retry = decision.wait_s is not None
            actor.publish_fault(self._session, info, retry=retry, retry_after_s=decision.wait_s)
        self.status(decision.state, str(info), decision.wait_s)
        said = "the connection ended"
        if decision.another_key:
            said = "the connection ended; another API key is used"
        elif decision.wait_s is None:
            said = "giving up"
        actor.log.warning(
            said,
            fault=str(info.fault),
            code=info.code,
            reason=info.reason,
            advice=info.advice,
            next_try_s=decision.wait_s,
        )
