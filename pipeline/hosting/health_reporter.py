"""Heartbeats: what an actor's process says of itself."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from contextlib import suppress
from typing import Any

from pipeline.actor import Actor
from pipeline.bus import Publisher
from pipeline.bus.upkeep import EndpointUpkeep
from pipeline.errors import ConfigError
from pipeline.frames import ActorState, Health
from pipeline.hosting.heartbeat import Pulse
from pipeline.hosting.silence import SilenceWatch

HEALTH_PORT = "health"


class HealthReporter:
    """Publishes the health of an actor, in every heartbeat and when it is told to.

    Args:
        actor: Whose.
        publisher: The actor's.
        pulse: Says when the next heartbeat is due.
        upkeep: Of the actor's endpoint, which is looked after with each heartbeat.
    """

    def __init__(
        self,
        actor: Actor[Any],
        publisher: Publisher,
        pulse: Pulse,
        upkeep: EndpointUpkeep | None = None,
    ) -> None:
        self._actor = actor
        self._publisher = publisher
        self._pulse = pulse
        self._upkeep = upkeep
        self._silence = SilenceWatch(actor.rates_hz())
        self.has_started = False
        """Of the actor; what it measures is not there before."""

    async def run(self) -> None:
        """Publish heartbeats until cancelled."""
        while True:
            self._look_after_endpoint()
            due_s = self._pulse.next_s(self.publish())
            await asyncio.sleep(due_s)

    def publish(self) -> Health:
        """Publish how the actor is now; return it."""
        actor = self._actor
        if self.has_started and actor.state is not ActorState.STOPPING:
            actor.measure()
        self._look_for_silence()
        health = Health(
            session=actor.session,
            actor=actor.name,
            pid=os.getpid(),
            state=actor.state,
            detail=actor.detail,
            counters=Counter(actor.counters),
            gauges=dict(actor.gauges),
            checkpoint=dict(actor.checkpoint),
        )
        self._publisher.publish(HEALTH_PORT, health)
        return health

    def _look_after_endpoint(self) -> None:
        # What cannot be made again the supervisor says, once for all.
        with suppress(ConfigError):
            if self._upkeep is not None and self._upkeep.restore() and self.has_started:
                self._actor.runtime_dir_made_again()

    def _look_for_silence(self) -> None:
        if self._actor.state is not ActorState.READY:
            return  # What it says of itself tells more.
        overdue, fallen = self._silence.look(self._publisher.counts(), time.monotonic())
        for port, silent_s in overdue.items():
            self._actor.gauges[f"{port}.silent"] = silent_s
        for port in fallen:
            self._actor.log.warning("stream has gone silent", port=port, silent_s=overdue[port])
