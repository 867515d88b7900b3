"""`greenroom inject`: be an actor for as long as a file lasts."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from actors.cli.listeners import IDLE_S, LINGER_MS, wait_for_listeners
from actors.inputs.camera.encoder import Encoder
from actors.inputs.camera.options import CameraOptions
from actors.inputs.camera.source import PICTURES
from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import BLOCK_SAMPLES, SPEECH_RATE_HZ, to_pcm
from actors.lib.media_files import require_file
from pipeline.bus import EndpointLock, Publisher, ipc_address
from pipeline.bus.context import new_context
from pipeline.cli.running import find_runtime_dir, newest_status
from pipeline.config.description import DescribedStream, read_description
from pipeline.errors import DeviceError, GreenroomError, did_you_mean
from pipeline.frames import ActorState, Audio, Frame, Health, Image, UserText
from pipeline.ports import HEALTH, Out, StreamRef
from pipeline.yaml_text import YamlError, decoded

TEXT = ".txt"
TAIL_S = 1.5
"""Silence after the sound: longer than the silence that ends a turn (0.6 s)."""
HEALTH_EVERY_BLOCKS = 12
"""About four heartbeats a second, as any actor sends."""


def inject_command(stream: str, file: Path, pipeline: str | None, pace: float) -> None:
    """Send `file` as the stream `actor.port` of a running pipeline.

    Raises:
        GreenroomError: no such file, pipeline or stream, the stream carries something else than
            the file, the actor runs already, or nobody listens.
    """
    try:
        ref = StreamRef.parse(stream)
    except ValueError as error:
        raise GreenroomError(str(error)) from error
    require_file(file, "file")
    runtime_dir = find_runtime_dir(pipeline)
    carrying = require_fit(ref, file, read_description(runtime_dir).streams)
    with EndpointLock(runtime_dir, ref.actor):
        asyncio.run(_inject(ref, set(carrying.consumers), file, runtime_dir, pace))


def require_fit(ref: StreamRef, file: Path, streams: Sequence[DescribedStream]) -> DescribedStream:
    """Return the stream if it carries what the file holds.

    Raises:
        GreenroomError: there is no such stream, or it carries something else.
    """
    stream = next((each for each in streams if each.name == str(ref)), None)
    if stream is None:
        hint = did_you_mean(str(ref), [each.name for each in streams])
        raise GreenroomError(f"no stream {ref} in this pipeline; {hint}")
    kind = _frame_type(file)
    if kind.type_name not in stream.types:
        raise GreenroomError(
            f"{ref} carries {' and '.join(stream.types)}, and {file} is {kind.type_name}: "
            "sound goes to a stream of audio, .jpg and .png to one of image, .txt to one of "
            "user_text"
        )
    return stream


def _frame_type(file: Path) -> type[Frame]:
    suffix = file.suffix.lower()
    if suffix == TEXT:
        return UserText
    return Image if suffix in PICTURES else Audio


async def _inject(
    ref: StreamRef, consumers: set[str], file: Path, runtime_dir: Path, pace: float
) -> None:
    context = new_context()
    # Positions go on from the pipeline's clock, so that a second file makes new turns.
    status = newest_status(runtime_dir)
    position = int(status.uptime_s * SPEECH_RATE_HZ)
    ports = {
        ref.port: Out((Audio, Image, UserText), retain_s=15),
        "health": HEALTH,
    }
    publisher = Publisher(context, ipc_address(runtime_dir, ref.actor), ports, high_water=4000)

    def publish(port: str, frame: Frame) -> None:
        publisher.publish(port, frame.model_copy(update={"session": status.session}))

    def publish_health(state: ActorState) -> None:
        publish("health", Health(actor=ref.actor, pid=os.getpid(), state=state))

    try:
        missing = await wait_for_listeners(
            {ref.actor: publisher}, {ref.actor: {ref.port: consumers}}, runtime_dir
        )
        async with asyncio.timeout(IDLE_S):
            # Of a stream that goes to no actor: the supervisor, or a tap.
            await publisher.wait_for_any(ref.port)
        for name in sorted(set().union(*missing.values())):
            print(f"{name} does not listen and will not hear it: `greenroom status`")  # noqa: T201
        sent = 0
        async for frame in _frames(file, position, pace, status.session):
            publish(ref.port, frame)
            if sent % HEALTH_EVERY_BLOCKS == 0:
                publish_health(ActorState.READY)
            sent += 1
        publish_health(ActorState.FINISHED)
    except TimeoutError:
        raise GreenroomError(
            f"nobody listens to {ref}: was the pipeline started with --external {ref.actor}?"
        ) from None
    finally:
        publisher.close(linger_ms=LINGER_MS)
        context.destroy(linger=LINGER_MS)


async def _frames(file: Path, position: int, pace: float, session: str) -> AsyncIterator[Frame]:
    kind = _frame_type(file)
    if kind is UserText:
        for line in read_lines(file):
            if line.strip():
                yield UserText(turn=f"{session}:t{time.monotonic_ns()}", text=line.strip())
        return
    if kind is Image:
        yield read_picture(file)
        return
    begun_s = time.monotonic()
    blocks = _blocks(file)
    for index, pcm in enumerate(blocks):
        due_s = begun_s + (index + 1) * BLOCK_SAMPLES / SPEECH_RATE_HZ / pace
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        yield Audio(
            position=position + index * BLOCK_SAMPLES,
            pcm=pcm,
            origin_ns=int(due_s * 1e9),
            final=index == len(blocks) - 1,
        )


def _blocks(file: Path) -> list[bytes]:
    sound = b"".join(to_pcm(piece) for piece in decode(file))
    sound += bytes(int(TAIL_S * SPEECH_RATE_HZ) * 2)
    size = BLOCK_SAMPLES * 2
    sound += bytes(-len(sound) % size)
    return [sound[at : at + size] for at in range(0, len(sound), size)]


def read_lines(file: Path) -> list[str]:
    """Return the lines of a text file of any Unicode encoding.

    Raises:
        DeviceError: it is another encoding, or no text.
    """
    try:
        return decoded(file.read_bytes()).splitlines()
    except YamlError as error:
        raise DeviceError(f"{file}: {error}") from error


def read_picture(file: Path) -> Image:
    """Return a picture as the camera would send it: a JPEG of no more than its size and bytes.

    Raises:
        DeviceError: it is no picture, or larger than can be read.
    """
    import cv2

    try:
        picture: Any = cv2.imread(str(file))
    except cv2.error as error:
        raise DeviceError(f"{file} cannot be read as a picture: {error.err}") from error
    if picture is None:
        raise DeviceError(f"{file} is not a picture")
    options = CameraOptions()
    most_bytes = int(options.max_bytes_per_s / options.rate_hz)
    encoder = Encoder(options.width, options.height, options.quality, most_bytes)
    encoded = encoder.encode(picture)
    return Image(jpeg=encoded.jpeg, width=encoded.width, height=encoded.height)
