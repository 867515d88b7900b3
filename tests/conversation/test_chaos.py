"""A short conversation while everything is broken; `make chaos` holds long ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TURNS = 8


@pytest.mark.parametrize("seed", [3])
def test_no_turn_is_lost_or_answered_twice_while_processes_are_killed_and_stopped_f18(
    seed: int,
) -> None:
    command = [sys.executable, "-m", "benchmarks.chaos", str(TURNS), str(seed)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
