"""Tells the pipeline how the backend is."""

from __future__ import annotations

from typing import Any

from actors.backend.faults import Verdict
from actors.live.reconnect import Decision
from pipeline.actor import Actor
from pipeline.frames import ActorState, BackendState, BackendStatus, Fault

SHOWN = {BackendState.CONNECTING: ActorState.CONNECTING, BackendState.READY: ActorState.READY}
"""What a backend that cannot answer shows as an actor is `degraded`: it works, the service does
not."""


class Announcer:
    """Publishes `status` and `faults` in the name of an actor."""

    def __init__(self, actor: Actor[Any]) -> None:
        self._actor = actor

    def status(
        self, state: BackendState, reason: str = "", retry_after_s: float | None = None
    ) -> None:
        """Whether turns can be answered."""
        actor = self._actor
        actor.set_state(SHOWN.get(state, ActorState.DEGRADED), reason)
        frame = BackendStatus(
            session=actor.session,
            backend=actor.name,
            state=state,
            reason=reason,
            retry_after_s=retry_after_s,
        )
        actor.publish("status", frame)

    def fault(self, verdict: Verdict, decision: Decision) -> None:
        """What went wrong, and what that means for the turns."""
        actor = self._actor
        actor.counters[f"faults_{verdict.fault}"] += 1
        actor.log.warning(
            "giving up" if decision.wait_s is None else "the connection ended",
            fault=str(verdict.fault),
            code=verdict.code,
            reason=verdict.reason,
            advice=verdict.advice,
            next_try_s=decision.wait_s,
        )
        frame = Fault(
            session=actor.session,
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
