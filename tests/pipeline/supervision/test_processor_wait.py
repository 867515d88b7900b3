"""Who only waits for a processor is not taken to hang."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from supervised import chain, config

from pipeline.config.build import build_graph
from pipeline.config.load import load_config
from pipeline.frames import ActorState, Health
from pipeline.supervision import processor_wait
from pipeline.supervision.actor_process import ActorProcess
from pipeline.supervision.lifecycle import Event, ProcessState
from pipeline.supervision.processor_wait import waited_s

PID = 4711
TIMEOUT_S = 3.0


class Forks:
    """Stands for the fork server: says which process there is, and starts and signals none."""

    def pid(self, _name: str) -> int:
        return PID

    def spawn(self, *_: Any) -> None:
        pass

    def signal(self, *_: Any) -> None:
        pass


def running_relay(folder: Path) -> ActorProcess:
    path = config(folder, chain(folder), {"heartbeat_timeout_s": TIMEOUT_S})
    graph = build_graph(load_config(path, []), path, [])
    forks: Any = Forks()
    relay = ActorProcess(graph, graph.nodes["relay"], forks, 0, lambda _: False)
    relay.handle(Event.MAY_START, 0.0)
    relay.beat(Health(session="local", actor="relay", pid=PID, state=ActorState.READY), 1.0)
    assert relay.history.state is ProcessState.RUNNING
    return relay


def test_time_in_the_queue_for_a_processor_is_no_silence_f18(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = 10.0
    monkeypatch.setattr(processor_wait, "waited_s", lambda _: waited)
    relay = running_relay(tmp_path)
    waited += 2.5
    relay.handle(Event.TICK, 1.0 + TIMEOUT_S)
    assert relay.history.state is ProcessState.RUNNING
    relay.handle(Event.TICK, 1.0 + TIMEOUT_S + 2.4)
    assert relay.history.state is ProcessState.RUNNING
    relay.handle(Event.TICK, 1.0 + TIMEOUT_S + 2.6)
    assert relay.history.state is ProcessState.DUMPING, "it was silent for 3 s of its own"


@pytest.mark.parametrize("waited", [10.0, None])
def test_who_does_not_wait_for_a_processor_hangs_f18(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waited: float | None
) -> None:
    monkeypatch.setattr(processor_wait, "waited_s", lambda _: waited)
    relay = running_relay(tmp_path)
    relay.handle(Event.TICK, 1.0 + TIMEOUT_S)
    assert relay.history.state is ProcessState.DUMPING


def test_the_system_tells_how_long_a_process_waited() -> None:
    waited = waited_s(os.getpid())
    assert (waited is not None) == Path("/proc/self/schedstat").exists()
    assert (waited or 0) >= 0
    assert waited_s(2**22 + 1) is None
