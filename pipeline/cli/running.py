"""Running pipelines: find one and listen to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import zmq

from pipeline.bus.endpoint import default_runtime_dir, ipc_address
from pipeline.bus.replay import replay_topic
from pipeline.config.graph import SUPERVISOR
from pipeline.errors import GreenroomError, did_you_mean
from pipeline.frames import Frame, Status
from pipeline.frames.wire import MAX_FRAME_BYTES, decode

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
    from pipeline.bus.endpoint import EndpointLock
    from pipeline.errors import EndpointBusyError

    try:
        with EndpointLock(runtime_dir, SUPERVISOR):
            return False
    except EndpointBusyError:
        return True


@contextmanager
def listening(runtime_dir: Path, actor: str, port: str) -> Iterator[zmq.Socket[bytes]]:
    """Give a SUB socket that gets what was retained of the stream, and then all that comes."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.SUB)
    try:
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        socket.setsockopt(zmq.SUBSCRIBE, port.encode())
        socket.setsockopt(zmq.SUBSCRIBE, replay_topic("tap", port))
        socket.connect(ipc_address(runtime_dir, actor))
        yield socket
    finally:
        socket.close(linger=0)
        context.destroy(linger=0)


def frames(socket: zmq.Socket[bytes], port: str) -> Iterator[Frame]:
    """Frames of one port, for ever."""
    topics = (port.encode(), replay_topic("tap", port))
    while True:
        topic, payload = socket.recv_multipart()
        if topic in topics and payload:
            yield decode(payload)


def newest_status(runtime_dir: Path) -> Status:
    """Ask the supervisor how the pipeline is.

    Raises:
        GreenroomError: it does not answer.
    """
    with listening(runtime_dir, SUPERVISOR, "status") as socket:
        socket.setsockopt(zmq.RCVTIMEO, ANSWER_TIMEOUT_MS)
        try:
            frame = next(frames(socket, "status"))
        except zmq.Again:
            raise GreenroomError(
                f"the supervisor in {runtime_dir} does not answer: is it stopped?"
            ) from None
    assert isinstance(frame, Status)
    return frame
