"""Run a whole pipeline in real processes, break it, and see that nothing is left of it.

with running(config) as pipeline:
    pipeline.until(lambda status: status.ready)
    pipeline.kill("vad", signal.SIGKILL)
    pipeline.until(lambda status: status.ready)
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from pipeline.cli.running import listening, newest_status
from pipeline.config.graph import SUPERVISOR
from pipeline.config.load import read_tree
from pipeline.errors import GreenroomError
from pipeline.frames import ActorStatus, Frame, Status
from pipeline.testing.sigterm import sigterm_raises
from pipeline.testing.starts import PipelineProcess, start_pipeline

PATIENCE_S = 60.0
"""How long anything is waited for: only a broken test gets there, however busy the machine."""


class RunningPipeline:
    """A `greenroom run` in a process of its own, with private folders."""

    def __init__(self, process: PipelineProcess, runtime_dir: Path, log: Path) -> None:
        self.process = process
        self.runtime_dir = runtime_dir
        self._log = log
        self._kept: str | None = None

    @property
    def output(self) -> str:
        """All that was printed so far, standard error included."""
        if self._kept is not None:
            return self._kept
        return self._log.read_text(encoding="utf-8", errors="replace")

    def keep_output(self) -> None:
        """Remember what was printed, for after the log is gone."""
        self._kept = self.output

    def status(self) -> Status:
        """Ask the supervisor."""
        return newest_status(self.runtime_dir)

    def actor(self, name: str) -> ActorStatus:
        """The newest status of one actor."""
        return next(each for each in self.status().actors if each.actor == name)

    def pid(self, name: str) -> int:
        """Process of an actor that has one."""
        pid = self.actor(name).pid
        assert pid is not None, f"{name} has no process"
        return pid

    def kill(self, name: str, number: signal.Signals) -> int:
        """Signal an actor's process; return its pid."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def until(
        self,
        condition: Callable[[Status], bool],
        what: str = "condition",
        patience_s: float = PATIENCE_S,
    ) -> Status:
        """Return the first status for which `condition` holds.

        Raises:
            AssertionError: the pipeline ended, or it took too long; with all it printed.
        """
        deadline_s = time.monotonic() + patience_s
        while time.monotonic() < deadline_s:
            assert self.process.poll() is None, f"ended before {what}:\n{self.output}"
            if (self.runtime_dir / SUPERVISOR).exists():
                try:
                    with listening(self.runtime_dir, SUPERVISOR, "status") as listener:
                        for frame in listener.frames(2000):
                            assert isinstance(frame, Status)
                            if condition(frame):
                                return frame
                            if time.monotonic() > deadline_s:
                                break
                except TimeoutError:
                    continue
        raise AssertionError(f"{what} did not come about:\n{self.output}")

    def frame(self, actor: str, port: str, where: Callable[[Frame], bool]) -> Frame:
        """Return the first frame of a stream, retained ones included, that fits."""
        with listening(self.runtime_dir, actor, port) as listener:
            try:
                return next(frame for frame in listener.frames(PATIENCE_S * 1000) if where(frame))
            except TimeoutError:
                raise AssertionError(f"no such frame on {actor}.{port}:\n{self.output}") from None

    def wait(self) -> int:
        """Return the exit status once the pipeline has ended by itself."""
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end:\n{self.output}") from None

    def processes(self) -> list[psutil.Process]:
        """The supervisor's process and all below it."""
        try:
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


@contextmanager
def running(
    config: Path, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[RunningPipeline]:
    """Start `greenroom run`; at the end stop it and assert that no process of it is left.

    SIGTERM raises KeyboardInterrupt meanwhile: it is stopped then too.
    """
    with sigterm_raises(), tempfile.TemporaryDirectory(prefix="gr-") as folder:
        base = Path(folder)
        log = base / "output.log"
        environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": folder,
            "XDG_STATE_HOME": str(base / "state"),
            "COLUMNS": "200",
            **(env or {}),
        }
        with log.open("w") as sink:
            command = ["run", str(config), *arguments]
            process = start_pipeline(command, environment, cwd or base, sink)
        runtime_dir = Path(environment["XDG_RUNTIME_DIR"]) / "greenroom" / _name_of(config)
        pipeline = RunningPipeline(process, runtime_dir, log)
        seen: list[psutil.Process] = []
        try:
            yield pipeline
            seen = pipeline.processes()
        finally:
            seen = seen or pipeline.processes()
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _, alive = psutil.wait_procs(seen, timeout=PATIENCE_S)
            pipeline.keep_output()
            assert not alive, f"left running: {alive}\n{pipeline.output}"


def _name_of(config: Path) -> str:
    name = read_tree(config).get("name")
    if not isinstance(name, str):
        raise GreenroomError(f"{config}: has no name")
    return name
