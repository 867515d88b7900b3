"""How an actor ends: what is under way is finished first, and what it fails by is told once."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from supervised import spec

from pipeline.actor import Actor, Options
from pipeline.errors import ConfigError
from pipeline.hosting.host import CLOSING_S, Host

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


class Refusing(Actor[Options]):
    """Cannot use what comes, block after block."""

    async def run(self) -> None:
        """Take them, and what cannot be used for another reason; be told of what is no error."""
        asyncio.get_running_loop().call_exception_handler({"message": "a socket was left open"})
        for rate in ("8000 Hz", "8000 Hz", "no rate"):
            asyncio.get_running_loop().call_soon(self.refuse, rate)
        await asyncio.Event().wait()

    def refuse(self, rate: str) -> None:
        """Fail."""
        raise ConfigError(f"audio has {rate}")


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
    told = spec(tmp_path, "draining", f"{__file__}:Draining", stop_deadline_s=CLOSING_S + 0.1)

    async def live() -> list[str]:
        host = Host(told)
        actor = host.actor
        seen: list[str] = []
        vars(actor).update(done=seen, ends=ends)
        await asyncio.wait_for(host.run(), PATIENCE_S)
        return seen

    assert asyncio.run(live()) == done


def test_what_an_actor_fails_by_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = spec(tmp_path, "refusing", f"{__file__}:Refusing")

    async def live() -> None:
        await asyncio.wait_for(Host(told).run(), PATIENCE_S)

    with pytest.raises(ConfigError, match="audio has 8000 Hz"):
        asyncio.run(live())
    others = [str(each.exc_info[1]) for each in caplog.records if each.exc_info]
    assert others == ["audio has no rate"]
    assert "a socket was left open" in caplog.messages
