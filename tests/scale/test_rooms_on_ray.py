"""Rooms as replicas of Ray Serve, called through its HAProxy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.parametrize("scenario", ["plain", "more", "fewer", "rolled"])
def test_callers_notice_nothing_of_the_rooms(scenario: str) -> None:
    """On a head and two nodes in a network of their own; takes a minute each."""
    done: Any = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale_rooms", scenario],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
