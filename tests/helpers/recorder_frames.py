"""Frames on the wire, descriptions and recordings for the tests of the recorder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgpack

from pipeline.bus import ipc_address
from pipeline.bus.blocking_subscriber import Taken
from pipeline.config.description import DescribedStream, Description, Endpoint
from pipeline.frames import FRAME_TYPES, Audio, Frame
from pipeline.frames.wire import encode

BOOT = 7


def payload(frame: Frame, seq: int, sent_ns: int | None = None) -> bytes:
    """A frame as it is on a socket."""
    frame = frame.model_copy(update={"session": frame.session or "local"})
    return encode(frame, seq=seq, boot=BOOT, sent_ns=sent_ns or time.monotonic_ns())


def taken(frame: Frame, seq: int, actor: str = "microphone", port: str = "audio") -> Taken:
    """A frame as the capture hands it on."""
    data = payload(frame, seq)
    return Taken(actor, port, msgpack.unpackb(data), data, time.monotonic_ns())


def blocks(count: int) -> list[Audio]:
    """Blocks of a sound that does not compress to nothing."""
    return [
        Audio(position=i * 320, pcm=bytes((i * 7 + j * j) % 256 for j in range(640)))
        for i in range(count)
    ]


def description(runtime_dir: Path, **streams: dict[str, list[str]]) -> Description:
    """A pipeline whose actors have these ports, with their types."""
    assert all(t in FRAME_TYPES for ports in streams.values() for ts in ports.values() for t in ts)
    config: dict[str, Any] = {"name": "test", "actors": {name: {"use": name} for name in streams}}
    return Description(
        pipeline="test",
        version="1.2.3",
        session="local",
        started_ns=time.monotonic_ns(),
        config_path=str(runtime_dir / "test.yaml"),
        keys_dir=None,
        config=config,
        endpoints={a: Endpoint(ipc_address(runtime_dir, a), None) for a in streams},
        streams=[
            DescribedStream(actor, port, types, [])
            for actor, ports in streams.items()
            for port, types in ports.items()
        ],
    )
