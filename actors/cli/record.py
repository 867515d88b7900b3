"""`greenroom record`: record a running pipeline from outside."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from threading import Event
from time import monotonic
from types import FrameType

from actors.services.recorder.actor import require_mcap
from actors.services.recorder.capture import Capture, choose
from actors.services.recorder.consent import consents_of
from actors.services.recorder.loop import COUNTERS, Loop
from actors.services.recorder.options import RecorderOptions, limits_of
from actors.services.recorder.privacy import Privacy
from actors.services.recorder.session_files import files_for
from pipeline.bus import EndpointLock
from pipeline.cli.running import find_runtime_dir
from pipeline.config.description import read_description
from pipeline.config.graph import SUPERVISOR
from pipeline.end_signals import end_signals
from pipeline.errors import EndpointBusyError, GreenroomError

LOOK_EVERY_S = 1.0
"""How soon the end of the pipeline is noticed."""


def record_command(
    options: RecorderOptions, pipeline: str | None, duration_s: float | None
) -> None:
    """Record until the pipeline ends, the time is over, or Control-C.

    Raises:
        GreenroomError: no such pipeline or stream, or the disk refused.
    """
    require_mcap()
    runtime_dir = find_runtime_dir(pipeline)
    description = read_description(runtime_dir)
    privacy = Privacy(frozenset(options.without), options.transcripts_only)
    streams = choose(description.streams, options.streams)
    writer = files_for(options.path, limits_of(options), description)
    counters: Counter[str] = Counter(dict.fromkeys(COUNTERS, 0))
    troubles: list[OSError] = []
    stop = Event()

    def on_trouble(error: OSError | None) -> None:
        if error is not None:
            troubles.append(error)
            stop.set()

    _stop_on_signal(stop)
    wanted = [each for each in streams if privacy.admits_stream(each.types)]
    with Capture(description, wanted, f"record-{os.getpid()}", counters) as capture:
        try:
            writer.open()
        except OSError as error:
            raise GreenroomError(f"cannot record: {error}") from error
        where = writer.files[-1] if writer.files else options.path
        _print(f"recording {len(wanted)} streams to {where}")
        loop = Loop(capture, privacy, writer, counters, on_trouble, consents_of(description))
        loop.run(stop, _watch(runtime_dir, duration_s, stop))
    if troubles:
        raise GreenroomError(f"recording stopped: {troubles[0]}: make room on the disk")
    _print(f"{counters['frames']} frames, {counters['lost']} lost: {_names(writer.files)}")


def _watch(runtime_dir: Path, duration_s: float | None, stop: Event) -> Callable[[], None]:
    begun_s = looked_s = monotonic()
    was_gone = False

    def tick() -> None:
        nonlocal looked_s, was_gone
        now_s = monotonic()
        if duration_s is not None and now_s - begun_s >= duration_s:
            stop.set()
        if now_s - looked_s >= LOOK_EVERY_S:
            looked_s = now_s
            # Twice: a folder that somebody removes is made again within half a second.
            is_gone = not _runs(runtime_dir)
            if is_gone and was_gone:
                stop.set()
            was_gone = is_gone

    return tick


def _runs(runtime_dir: Path) -> bool:
    try:
        with EndpointLock(runtime_dir, SUPERVISOR):
            return False
    except EndpointBusyError:
        return True
    except OSError:
        return False  # The folder itself is gone.


def _stop_on_signal(stop: Event) -> None:
    def on_signal(number: int, _frame: FrameType | None) -> None:
        stop.set()
        # The second one ends it where it stands: a pipe that is read no more takes no last byte.
        signal.signal(number, signal.SIG_DFL)

    for number in end_signals():
        signal.signal(number, on_signal)


def _names(files: Collection[Path]) -> str:
    return ", ".join(str(each) for each in files)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
