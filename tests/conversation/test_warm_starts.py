"""A pipeline that is forked from a warm process behaves as one that was started by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import supervised as s

from pipeline.testing import running
from pipeline.testing.starts import WARM, ForkedProcess, start_pipeline


def started(folder: Path, *command: str, **env: str) -> ForkedProcess:
    with (folder / "printed").open("w") as sink:
        return WARM.start(command, {**os.environ, **env}, folder, sink)


def test_it_prints_and_ends_as_one_that_was_started_by_itself(tmp_path: Path) -> None:
    s.config(tmp_path, {"source": s.actor("Source", options={"rate": 1})})
    command = ["check", "test.yaml"]
    alone = subprocess.run(
        [Path(sys.executable).parent / "greenroom", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert started(tmp_path, *command).wait() == alone.returncode == 2
    assert (tmp_path / "printed").read_text() == alone.stdout + alone.stderr != ""


def test_it_sees_the_environment_it_was_given_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    before = started(tmp_path, "run", "--help")
    assert before.wait() == 0
    narrow = (tmp_path / "printed").read_text()
    assert started(tmp_path, "run", "--help", COLUMNS="120").wait() == 0
    wide = (tmp_path / "printed").read_text()
    assert max(map(len, narrow.splitlines())) <= 60 < max(map(len, wide.splitlines()))


def test_what_only_a_new_interpreter_takes_up_is_taken_up(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('of my own', flush=True)")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    with (tmp_path / "printed").open("w") as sink:
        environment = {**os.environ, "PYTHONPATH": path}
        process = start_pipeline(["--version"], environment, tmp_path, sink)
    assert process.wait() == 0
    assert "of my own" in (tmp_path / "printed").read_text()


def test_each_of_several_says_how_it_ended(tmp_path: Path) -> None:
    path = s.config(tmp_path, {"source": s.actor("Source")})
    with running(path) as asked, running(path) as ended, running(path) as killed:
        for each in (asked, ended, killed):
            s.ready(each)
            assert each.process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            asked.process.wait(0.01)
        killed.process.kill()
        assert killed.process.wait() == -signal.SIGKILL
        assert asked.process.poll() is None
        ended.process.terminate()
        assert ended.wait() == 0
        asked.process.send_signal(signal.SIGINT)
        assert asked.wait() == asked.process.poll() == 0
        asked.process.send_signal(signal.SIGINT)  # Nobody is there any more, as with a Popen.
