"""One pipeline for the tests of the page in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pages
import pytest
from sound_server import SoundServer, sound_server


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return where the gateway is served."""
    with pages.gateway(tmp_path_factory.mktemp("gateway"), warning_s=6) as (_pipeline, url):
        yield url


@pytest.fixture
def sound() -> Iterator[SoundServer]:
    """Return a microphone and a loudspeaker."""
    with sound_server() as server:
        yield server
