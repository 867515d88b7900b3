"""`greenroom run` that is ended, or fails, before it has begun leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

GREENROOM = str(Path(sys.executable).parent / "greenroom")
ACTORS = Path(__file__).parents[2] / "helpers" / "actors_for_tests.py"


def config(folder: Path, text: str) -> Path:
    path = folder / "test.yaml"
    path.write_text(f"name: test\nactors:\n  source: {{use: '{ACTORS}:Source'}}\n{text}")
    return path


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--help"], 0), (["--nonsense"], 2), (["no-such-file.yaml"], 2)]
)
def test_a_run_that_never_begins_leaves_no_process(arguments: list[str], status: int) -> None:
    with tempfile.TemporaryFile() as output:
        process = _greenroom(output, *arguments)
        assert process.wait(60) == status
    _assert_alone(process.pid)


def test_control_c_while_it_is_still_importing_ends_it_without_a_traceback(tmp_path: Path) -> None:
    with (tmp_path / "output.log").open("w+") as output, _heeding_control_c():
        process = _greenroom(output, str(config(tmp_path, "")))
        try:
            family = psutil.Process(process.pid)
            while not family.children():
                assert process.poll() is None
            os.killpg(process.pid, signal.SIGINT)
            # On a busy machine it may have come far enough to stop as if it had run for long.
            assert process.wait(60) in (130, 0)
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        assert "Traceback" not in output.read()
    _assert_alone(process.pid)


@contextmanager
def _heeding_control_c() -> Iterator[None]:
    """A shell lets what it starts in the background ignore Control-C, and that is inherited."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _greenroom(output: IO[Any], *arguments: str) -> subprocess.Popen[bytes]:
    command = [GREENROOM, "run", *arguments]
    return subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)


def _assert_alone(session: int) -> None:
    left = [each for each in psutil.process_iter() if _session(each) == session]
    _, alive = psutil.wait_procs(left, timeout=30)
    assert not alive


def _session(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return 0
