"""How often an actor says that it is alive."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.frames import ActorState, Health
from pipeline.hosting.heartbeat import Pulse, idle_interval_s


@pytest.mark.parametrize(
    ("interval_s", "timeout_s", "idle_s"),
    [(0.25, 3.0, 1.0), (0.25, 120.0, 1.0), (0.25, 1.5, 0.5), (0.25, 0.3, 0.25), (2.0, 3.0, 2.0)],
)
def test_an_actor_that_waits_beats_rarely_but_never_seems_hung(
    interval_s: float, timeout_s: float, idle_s: float
) -> None:
    assert idle_interval_s(interval_s, timeout_s) == idle_s


def test_what_has_changed_is_saved_soon_also_if_it_was_changed_in_place() -> None:
    checkpoint: dict[str, Any] = {"sessions": {}}

    def health(state: ActorState = ActorState.READY, **fields: Any) -> Health:
        return Health(actor="vad", pid=1, state=state, checkpoint=checkpoint, **fields)

    pulse = Pulse(0.25, 1.0)
    assert pulse.next_s(health()) == 0.25
    assert pulse.next_s(health()) == 1.0
    checkpoint["sessions"]["local"] = [1]
    assert pulse.next_s(health()) == 0.25
    checkpoint["sessions"]["local"].append(2)
    assert pulse.next_s(health()) == 0.25
    assert pulse.next_s(health(counters={"frames": 1})) == 1.0
    assert pulse.next_s(health(ActorState.DEGRADED)) == 0.25
    assert pulse.next_s(health(ActorState.DEGRADED, detail="no device")) == 0.25
    assert pulse.next_s(health(ActorState.DEGRADED, detail="no device")) == 1.0
