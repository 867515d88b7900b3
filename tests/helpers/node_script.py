"""A script run by node: what it is given on standard input, and what it answers, as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

RUN_S = 60


def answer_of(script: Path, given: dict[str, Any]) -> Any:
    """Return what a script writes."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("node must be installed for the tests of the page: apt-get install npm")
    done = subprocess.run(
        [node, script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
