"""The first connection is made while those who listen get ready; nothing is said before they do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from live_server import KEY, Simulator, Talker, ready, simulator, staged

from actors.backends.gemini.live.actor import Live
from actors.backends.gemini.live.options import LiveOptions
from pipeline.frames import AnswerEnd, AnswerEnded, BackendState, BackendStatus, Fault, FaultClass
from pipeline.surroundings import Surroundings
from pipeline.testing import ActorHarness


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


class Held(Live):
    """Has started, and has listeners that are not connected yet."""

    def __init__(self, options: LiveOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self.listeners = asyncio.Event()

    async def run(self) -> None:
        """Work when they are."""
        await self.listeners.wait()
        await super().run()


@contextmanager
def held(
    folder: Path, *rules: Any, **process: Any
) -> Iterator[tuple[ActorHarness[LiveOptions], Held]]:
    with simulator(folder, *rules) as server:
        arguments = {"actor_class": Held, **process, **server.address}
        with staged(folder, **arguments) as stage:
            assert isinstance(stage.actor, Held)
            if not process:
                connected(stage, server)
            yield stage, stage.actor


def connected(stage: ActorHarness[LiveOptions], server: Simulator) -> None:
    stage.until(lambda: bool(server.journal.sessions), "a session")


def test_it_connects_before_its_listeners_and_says_so_after(tmp_path: Path) -> None:
    with held(tmp_path) as (stage, live):
        assert stage.expect("status", BackendStatus).state is BackendState.CONNECTING
        stage.expect_nothing("status")
        live.listeners.set()
        ready(stage)
        turn = Talker(stage).say()
        ended = stage.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)
        assert live.counters["connects"] == 1


def test_what_is_said_before_is_answered_after(tmp_path: Path) -> None:
    with held(tmp_path) as (stage, live):
        turn = Talker(stage).say()
        stage.expect_nothing("answer")
        live.listeners.set()
        ended = stage.expect("answer", AnswerEnded)
        assert (ended.turn, ended.end) == (turn, AnswerEnd.COMPLETE)


def test_a_fault_of_that_connection_waits_for_somebody_to_hear_it(tmp_path: Path) -> None:
    with held(tmp_path, {"when": "setup", "do": ["quota"]}) as (stage, live):
        stage.expect_nothing("faults")
        live.listeners.set()
        assert stage.expect("faults", Fault).fault is FaultClass.QUOTA


def test_a_restarted_process_waits_to_be_told_what_became_of_its_turns(tmp_path: Path) -> None:
    with held(tmp_path, checkpoint={"sessions": []}) as (stage, live):
        stage.settle()
        assert live.counters["connects"] == 0
        live.listeners.set()
        ready(stage)
