"""What is under way is finished before an actor stops, and does not hold it up for ever."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from pipeline.actor import Actor, Options
from pipeline.bus import ipc_address
from pipeline.hosting.host import CLOSING_S, Host
from pipeline.hosting.spec import ActorSpec

PATIENCE_S = 20.0


class Draining(Actor[Options]):
    """Tells what is done with it; is asked to stop as soon as it runs."""

    done: list[str]
    ends = True

    async def run(self) -> None:
        """Run until it is stopped."""
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        finally:
            self.done.append("cancelled")

    async def drain(self) -> None:
        """Finish, or never do."""
        self.done.append("draining")
        if not self.ends:
            await asyncio.Event().wait()
        self.done.append("drained")

    async def stop(self) -> None:
        """Stop."""
        self.done.append("stopped")


@pytest.mark.parametrize(
    ("ends", "done"),
    [
        (True, ["draining", "drained", "cancelled", "stopped"]),
        (False, ["draining", "cancelled", "stopped"]),
    ],
)
def test_an_actor_that_is_stopped_finishes_first(
    tmp_path: Path, ends: bool, done: list[str]
) -> None:
    spec = ActorSpec(
        name="draining",
        use=f"{__file__}:Draining",
        options={},
        address=ipc_address(tmp_path, "draining"),
        connections=[],
        expected={},
        session="local",
        runtime_dir=tmp_path,
        config_dir=tmp_path,
        state_dir=tmp_path,
        started_ns=time.monotonic_ns(),
        checkpoint={},
        heartbeat_s=0.5,
        stop_deadline_s=CLOSING_S + 0.1,
    )

    async def live() -> list[str]:
        host = Host(spec)
        actor = host.actor
        seen: list[str] = []
        vars(actor).update(done=seen, ends=ends)
        await asyncio.wait_for(host.run(), PATIENCE_S)
        return seen

    assert asyncio.run(live()) == done
