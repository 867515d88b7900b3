"""While everything starts, the first backend has a processor that all others leave to it."""

from __future__ import annotations

import os
import signal
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
from supervised import actor, config, of, patient

from pipeline.testing import RunningPipeline, running

ALL = os.sched_getaffinity(0)
BUT_ONE = ALL - {max(ALL)} or ALL
"""With one processor there is none to leave."""


def with_backend(folder: Path, **backend: Any) -> Path:
    actors = {"source": actor("Source"), "answers": patient(**backend)}
    return config(folder, actors, route={"backends": ["answers"]})


def processors(process: psutil.Process) -> list[set[int]]:
    """Of each of its threads."""
    return [os.sched_getaffinity(thread.id) for thread in process.threads()]


def have_all(pipeline: RunningPipeline) -> bool:
    return all(each == ALL for each in chain.from_iterable(map(processors, pipeline.processes())))


def test_until_the_first_backend_is_there_all_others_leave_it_a_processor(tmp_path: Path) -> None:
    with running(with_backend(tmp_path, ailment="hangs in start")) as pipeline:
        status = pipeline.until(
            lambda status: of(status, "source").phase == "running" and of(status, "answers").pid,
            "the source is ready and the backend hangs",
        )
        source, backend = (psutil.Process(of(status, name).pid) for name in ("source", "answers"))
        supervisor = psutil.Process(pipeline.process.pid)
        assert all(each == BUT_ONE for each in processors(source) + processors(supervisor))
        assert all(each == ALL for each in processors(backend))

        os.kill(backend.pid, signal.SIGKILL)
        pipeline.until(lambda _: have_all(pipeline), "the start is over")


def test_once_the_first_backend_is_ready_all_have_every_processor(tmp_path: Path) -> None:
    with running(with_backend(tmp_path)) as pipeline:
        pipeline.until(lambda status: status.ready and have_all(pipeline), "ready everywhere")


def test_a_backend_that_waits_for_another_actor_is_left_no_processor(tmp_path: Path) -> None:
    actors = {
        "source": actor("Source"),
        "slow": patient("hangs in start"),
        "answers": patient(after=["slow"]),
    }
    with running(config(tmp_path, actors, route={"backends": ["answers"]})) as pipeline:
        pipeline.until(
            lambda status: of(status, "source").phase == "running" and have_all(pipeline),
            "the backend waits, and the source works everywhere",
        )


def test_without_a_backend_all_have_every_processor(tmp_path: Path) -> None:
    with running(config(tmp_path, {"source": actor("Source")})) as pipeline:
        pipeline.until(lambda status: status.ready and have_all(pipeline), "ready everywhere")
