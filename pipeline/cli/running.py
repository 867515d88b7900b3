"""Running pipelines: find one and listen to it."""

from __future__ import annotations

from pathlib import Path

from pipeline.bus.blocking_subscriber import BlockingSubscriber
from pipeline.bus.endpoint import EndpointLock, default_runtime_dir, ipc_address
from pipeline.config.graph import SUPERVISOR
from pipeline.errors import EndpointBusyError, GreenroomError, did_you_mean
from pipeline.frames import Status

ANSWER_TIMEOUT_MS = 2000
"""A running supervisor answers a subscription within milliseconds."""


def find_runtime_dir(pipeline: str | None) -> Path:
    """Return the folder of the running pipeline of that name, or of the only one.

    `pipeline` may also be the path of the folder.

    Raises:
        GreenroomError: there is none, or there are several.
    """
    if pipeline is not None and "/" in pipeline:
        return Path(pipeline)
    parent = default_runtime_dir("x").parent
    names = sorted(path.parent.name for path in parent.glob(f"*/{SUPERVISOR}"))
    running = [name for name in names if _is_locked(parent / name)]
    if pipeline is None and len(running) == 1:
        pipeline = running[0]
    if pipeline is None:
        many = f"several are running: {', '.join(running)}; name one with --pipeline"
        raise GreenroomError(many if running else "no pipeline is running: start one with `run`")
    if pipeline not in running:
        raise GreenroomError(f"no pipeline {pipeline!r} runs: {did_you_mean(pipeline, running)}")
    return parent / pipeline


def _is_locked(runtime_dir: Path) -> bool:
    try:
        with EndpointLock(runtime_dir, SUPERVISOR):
            return False
    except EndpointBusyError:
        return True


def listening(runtime_dir: Path, actor: str, *ports: str) -> BlockingSubscriber:
    """Give what gets what was retained of the streams, and then all that comes."""
    listener = BlockingSubscriber("tap")
    listener.connect(actor, ipc_address(runtime_dir, actor), ports)
    return listener


def newest_status(runtime_dir: Path) -> Status:
    """Ask the supervisor how the pipeline is.

    Raises:
        GreenroomError: it does not answer.
    """
    with listening(runtime_dir, SUPERVISOR, "status") as listener:
        try:
            frame = next(listener.frames(ANSWER_TIMEOUT_MS))
        except TimeoutError:
            raise GreenroomError(
                f"the supervisor in {runtime_dir} does not answer: is it stopped?"
            ) from None
    assert isinstance(frame, Status)
    return frame
