"""Simulators for tests: one that understands and speaks, and cheap ones that are scripted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simulating import RunningSimulator, Scripted, scenario_file, use

from actors.simulator import SimulatorOptions


@pytest.fixture(scope="session")
def talking_simulator() -> Iterator[RunningSimulator]:
    simulator = RunningSimulator(SimulatorOptions(playback_speed=50))
    yield simulator
    simulator.stop()


@pytest.fixture
def talking(
    talking_simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> RunningSimulator:
    """Understands speech and speaks."""
    use(talking_simulator, monkeypatch)
    return talking_simulator


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """Starts simulators that hear nothing and hum, with rules or with options."""
    running: list[RunningSimulator] = []

    def start(*rules: dict[str, Any], **options: Any) -> RunningSimulator:
        if rules:
            options["scenario"] = scenario_file(tmp_path, *rules)
        cheap = {
            "stt": "none",
            "tts": "tone",
            "answer_speed": (20, 60),
            "playback_speed": 100,
            **options,
        }
        simulator = RunningSimulator(SimulatorOptions.model_validate(cheap))
        running.append(simulator)
        use(simulator, monkeypatch)
        return simulator

    yield start
    for simulator in running:
        simulator.stop()
