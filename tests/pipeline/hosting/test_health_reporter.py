"""What is measured for a heartbeat: an actor that has started, and one whose measuring fails."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, cast

import pytest
from supervised import spec

from pipeline.actor import Actor, Options
from pipeline.frames import ActorState, Frame
from pipeline.hosting.health_reporter import HealthReporter
from pipeline.hosting.host import Host
from pipeline.surroundings import Surroundings

PATIENCE_S = 20.0
"""Only a host that does not notice gets there."""


class Thermometer(Actor[Options]):
    """Has something to measure from its start to its end."""

    async def start(self) -> None:
        self.celsius = 21.5

    def measure(self) -> None:
        self.gauges["celsius"] = self.celsius

    async def stop(self) -> None:
        del self.celsius


class Stumbling(Actor[Options]):
    """Raises the first time that it measures."""

    stumbled = False

    def measure(self) -> None:
        if not self.stumbled:
            self.stumbled = True
            raise RuntimeError("no thermometer")


class Bus:
    """Takes what is published."""

    def publish(self, _port: str, _frame: Frame) -> None:
        pass

    def counts(self) -> dict[str, int]:
        return {}


def test_nothing_is_measured_before_the_start_nor_at_the_end(tmp_path: Path) -> None:
    actor = Thermometer(
        Options(),
        Surroundings("thermometer", tmp_path, tmp_path, tmp_path, started_ns=time.monotonic_ns()),
    )
    reporter = HealthReporter(actor, cast(Any, Bus()), cast(Any, None))

    async def live() -> None:
        actor.set_state(ActorState.CONNECTING)
        assert not reporter.publish().gauges
        await actor.start()
        reporter.has_started = True
        assert reporter.publish().gauges == {"celsius": 21.5}
        actor.set_state(ActorState.STOPPING)
        await actor.stop()
        assert reporter.publish().gauges == {"celsius": 21.5}

    asyncio.run(live())


def test_a_heartbeat_that_raises_ends_the_process_by_what_it_raised(tmp_path: Path) -> None:
    beats = {"heartbeat_s": 0.01, "idle_heartbeat_s": 0.01}
    told = spec(tmp_path, "stumbling", f"{__file__}:Stumbling", **beats)

    async def live() -> None:
        await asyncio.wait_for(Host(told).run(), PATIENCE_S)

    with pytest.raises(RuntimeError, match="no thermometer"):
        asyncio.run(live())
