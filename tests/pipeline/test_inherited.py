"""What a process inherits and could not work with is put right first of all."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("zone", "offset_s"),
    [("UTC-99", 0), ("XXX+24", 0), ("EST5", -5 * 3600), (":/etc/passwd", 0), ("", 0)],
)
def test_there_is_a_local_time_whatever_the_zone(zone: str, offset_s: int) -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "from pipeline.inherited import put_right; put_right()\n"
            "from datetime import datetime\n"
            "print(datetime.now().astimezone().utcoffset().total_seconds())",
        ],
        env={"TZ": zone, "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert float(said) == offset_s
