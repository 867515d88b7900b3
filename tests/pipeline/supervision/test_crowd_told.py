"""What many sessions are told at once goes out before anybody reads of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks.crowd import config
from pipeline.cli.run import load_graph
from pipeline.frames import (
    BackendState,
    BackendStatus,
    Fault,
    FaultClass,
    Frame,
    Route,
    SessionOpened,
)
from pipeline.supervision import decision_reports
from pipeline.supervision.supervisor import Supervisor

CALLERS = [f"caller{number}" for number in range(20)]


class Bus:
    """Notes what is published, among what is shown."""

    def __init__(self) -> None:
        self.happened: list[tuple[str, str]] = []

    def publish(self, _port: str, frame: Frame) -> None:
        if isinstance(frame, Route):
            self.happened.append(("sent", frame.session))

    def show(self, _actor: str, frame: Frame) -> None:
        if isinstance(frame, Route):
            self.happened.append(("shown", frame.session))


def test_a_fault_of_all_moves_every_session_before_a_line_is_written_about_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_reports, "CROWD_REPORT_S", 0.0)

    async def play() -> None:
        bus = Bus()
        graph = load_graph(config(tmp_path, {"count": len(CALLERS)}), [])
        root = Supervisor(graph, cast(Any, None), bus.show)
        root._outlet._publisher = cast(Any, bus)
        for caller in CALLERS:
            root._handle("callers", SessionOpened(session=caller))
            for backend in ("live", "http"):
                ready = BackendStatus(session=caller, backend=backend, state=BackendState.READY)
                root._handle(backend, ready)
        bus.happened.clear()
        quota = Fault(
            session=CALLERS[7],
            backend="live",
            fault=FaultClass.QUOTA,
            code=1011,
            reason="quota",
            advice="",
            retry=True,
        )
        root._handle("live", quota)
        moved = [session for _, session in bus.happened]
        assert {what for what, _ in bus.happened} == {"sent"}
        assert set(CALLERS) <= set(moved)
        async with asyncio.timeout(10):
            while len(bus.happened) < 2 * len(moved):
                await asyncio.sleep(0)
        assert bus.happened == [(what, each) for what in ("sent", "shown") for each in moved]

    asyncio.run(play())
