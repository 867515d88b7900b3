"""The life of an actor's process, from its fork to its exit."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from pipeline import logs
from pipeline.bus.direct_loop import new_event_loop
from pipeline.errors import GreenroomError, machine_problem
from pipeline.hosting.host import Host
from pipeline.hosting.spec import ActorSpec
from pipeline.launch.prctl import name_process
from pipeline.library_lines import write_library_lines
from pipeline.priority import ADVICE, take

EXIT_USAGE = 78
"""EX_CONFIG of sysexits.h: what the user configured cannot work; the reason is in a file, or in the
log where none can be written."""


def error_file(runtime_dir: Path, actor: str) -> Path:
    """Where an actor that exits with EXIT_USAGE leaves its reason."""
    return runtime_dir / f"{actor}.error"


def describe_exit(code: int) -> str:
    """Return how a process ended, in words."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def prepare(log_level: str) -> None:
    """Do what all actors of a pipeline would do alike; before they are forked, so that they share
    it: 0.3 MiB for each."""
    logs.configure(level=log_level)


def run_actor(spec: ActorSpec, listening: Sequence[int] = ()) -> NoReturn:
    """Run the actor in this freshly forked process, to its end; it has inherited its sockets.

    `prepare` was called before the fork.
    """
    code = 0
    try:
        name_process(spec.name)
        faulthandler.register(signal.SIGUSR1, file=sys.stderr, all_threads=True)
        write_library_lines(spec.name)
        got = take(spec.priority)
        if got is not spec.priority:
            logs.get_logger(spec.name).info(
                f"priority {spec.priority} is not permitted, it is {got}: {ADVICE}"
            )

        async def run() -> None:
            await Host(spec, listening).run()

        # Not closed: that waits for threads, and one that looks up a name may take minutes.
        asyncio.Runner(loop_factory=new_event_loop).run(run())
    except GreenroomError as error:
        code = EXIT_USAGE
        reason = logs.redact(str(error))
        try:
            error_file(spec.runtime_dir, spec.name).write_text(reason)
        except OSError:
            logs.get_logger(spec.name).error("actor cannot go on", because=reason)
    except BaseException as error:  # noqa: BLE001 - the process ends here, whatever it was
        code = 1
        if problem := machine_problem(error):
            logs.get_logger(spec.name).error("actor failed", because=problem)
        else:
            logs.get_logger(spec.name).error("actor failed", exc_info=True)
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    # No interpreter shutdown: threads left by tools or drivers must not hold the process up.
    os._exit(code)
