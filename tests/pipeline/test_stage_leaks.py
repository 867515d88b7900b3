"""An actor tested by itself that leaves a task running fails its test; another's task does not."""

from __future__ import annotations

import asyncio

import pytest

from pipeline.actor import Actor, Options
from pipeline.testing import stage


class Starting(Actor[Options]):
    """Begins something when it is stopped."""

    options_type = Options

    async def stop(self) -> None:
        self.task = asyncio.create_task(self.begun())

    async def begun(self) -> None:
        """What only needs its turn, a few times."""
        for _ in range(3):
            await asyncio.sleep(0)


class Leaking(Starting):
    """Begins something that never ends."""

    async def begun(self) -> None:
        await asyncio.Event().wait()


def test_a_task_that_waits_for_ever_is_found() -> None:
    with pytest.raises(AssertionError, match="leaking left tasks running"), stage(Leaking):
        pass


def test_a_task_that_only_needs_its_turn_gets_it() -> None:
    with stage(Starting) as starting:
        pass
    assert starting.actor.task.done()
