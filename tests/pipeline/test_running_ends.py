"""Whoever ran a pipeline and is told to end leaves nothing of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import supervised as s

PROGRAM = """
import sys
from pathlib import Path
from pipeline.testing import running

with running(Path(sys.argv[1])) as pipeline:
    pipeline.until(lambda status: status.ready)
    print(*(each.pid for each in pipeline.processes()), flush=True)
    sys.stdin.read()
"""


def test_a_program_that_gets_sigterm_leaves_no_pipeline(tmp_path: Path) -> None:
    path = s.config(tmp_path, {"source": s.actor("Source")})
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        processes = [psutil.Process(int(pid)) for pid in program.stdout.readline().split()]
        assert processes
        # Twice, as `timeout` does: to the program and to its group.
        program.send_signal(signal.SIGTERM)
        program.send_signal(signal.SIGTERM)
        assert program.stderr.read().rstrip().endswith("KeyboardInterrupt")
    assert [each for each in processes if each.is_running()] == []
