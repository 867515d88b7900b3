from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sound_server import SoundServer, missing_packages, sound_server


@pytest.fixture
def sound() -> Iterator[SoundServer]:
    """A sound server; without its packages the test is left out, except where they must be."""
    missing = missing_packages()
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    with sound_server() as server:
        yield server
