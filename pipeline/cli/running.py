"""Running pipelines: find one and listen to it."""

from __future__ import annotations

from pathlib import Path

from pipeline.bus.blocking_subscriber import BlockingSubscriber
from pipeline.bus.endpoint import ipc_address
from pipeline.cli.places import PlaceState, looked_in, places, state_of
from pipeline.config.graph import SUPERVISOR
from pipeline.errors import GreenroomError, did_you_mean
from pipeline.frames import Status

ANSWER_TIMEOUT_MS = 2000
"""A running supervisor answers a subscription within milliseconds."""


def find_runtime_dir(pipeline: str | None) -> Path:
    """Return the folder of the running pipeline of that name, or of the only one.

    `pipeline` may also be the path of the folder.

    Raises:
        GreenroomError: there is none, there are several, or it is somebody else's.
    """
    if pipeline is not None and "/" in pipeline:
        folder = Path(pipeline)
        if (state := state_of(folder)) is PlaceState.OVER:
            raise GreenroomError(f"no pipeline runs in {folder}")
        return _ours(folder, state)
    found = [place for place in places() if place.state is not PlaceState.OVER]
    meant = [place for place in found if pipeline in (None, place.name)]
    # Those of the own runtime folder come first, those that one may not look at last.
    meant = (
        [each for each in meant if each.is_own]
        or [each for each in meant if each.state is PlaceState.RUNNING]
        or meant
    )
    if len(meant) == 1:
        return _ours(meant[0].folder, meant[0].state)
    if meant:
        alike = len({place.name for place in meant}) < len(meant)
        many = ", ".join(str(place.folder) if alike else place.name for place in meant)
        raise GreenroomError(f"several are running: {many}; name one with --pipeline")
    if pipeline is not None:
        near = f" {did_you_mean(pipeline, [each.name for each in found])}" if found else ""
        raise GreenroomError(f"no pipeline {pipeline!r} runs:{near} (looked in {looked_in()})")
    raise GreenroomError(f"no pipeline is running: start one with `run` (looked in {looked_in()})")


def _ours(folder: Path, state: PlaceState) -> Path:
    if state is PlaceState.HIDDEN:
        raise GreenroomError(
            f"the pipeline in {folder} is another user's: ask as that user, or with sudo"
        )
    return folder


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
