from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from feeding import PORTS, both_devices, feeder
from ride import ACTORS, Ride, works
from sound_server import PipeWire, SoundServer, missing_packages, sound_server

from pipeline.testing import running


@pytest.fixture
def sound() -> Iterator[SoundServer]:
    """A sound server."""
    if missing := missing_packages():
        pytest.fail(missing)
    with sound_server() as server:
        yield server


@pytest.fixture(params=[SoundServer, PipeWire], ids=["PulseAudio", "PipeWire"])
def either(request: pytest.FixtureRequest) -> Iterator[SoundServer]:
    """A sound server of each kind in turn."""
    if missing := missing_packages():
        pytest.fail(missing)
    with sound_server(request.param) as server:
        yield server


@pytest.fixture
def ride(either: SoundServer, tmp_path: Path) -> Iterator[Ride]:
    """A pipeline with the default devices of a sound server of each kind."""
    config = both_devices(tmp_path, {"latency": 0.1}, {"latency": 0.2})
    either.take_by_default("vspk", "vmic_src")
    with ExitStack() as stack:
        pipeline = stack.enter_context(
            running(config, "--external", "stand_in", env=either.env, cwd=tmp_path)
        )
        pipeline.until(lambda status: all(works(status, each) for each in ACTORS), "both devices")
        feeding = stack.enter_context(feeder(pipeline.runtime_dir, "stand_in"))
        feeding.wait_for(*(f"@speaker:{port}" for port in PORTS))
        yield Ride(either, pipeline, feeding)
