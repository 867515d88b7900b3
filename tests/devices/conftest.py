from __future__ import annotations

from collections.abc import Iterator

import pytest
from sound_server import PipeWire, SoundServer, missing_packages, sound_server


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
