"""Video nodes of Linux: which of them are cameras, asked of the drivers.

A computer has nodes in /dev/video* that are no cameras: decoders, the image processor of a
Raspberry Pi, the metadata of a USB camera. Their numbers change from boot to boot.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

DEVICES = Path("/dev")
DEVICE_NAMES = Path("/sys/class/video4linux")

CAPABILITY = struct.Struct("=16s32s32sIII12x")
"""`struct v4l2_capability` of linux/videodev2.h: driver, card, bus, version, capabilities of the
whole device, capabilities of this node."""
QUERYCAP = 0x80000000 | CAPABILITY.size << 16 | ord("V") << 8
"""`VIDIOC_QUERYCAP`: `_IOR('V', 0, struct v4l2_capability)`."""

# V4L2_CAP_* of linux/videodev2.h.
CAPTURES = 0x0000_0001 | 0x0000_1000
PLAYS_OR_CONVERTS = 0x0000_0002 | 0x0000_2000 | 0x0000_4000 | 0x0000_8000
GIVES_PICTURES = 0x0100_0000 | 0x0400_0000
NEEDS_MEDIA_CONTROLLER = 0x2000_0000
HAS_OWN_CAPABILITIES = 0x8000_0000

IMAGE_PROCESSORS = ("bcm2835-isp", "bcm2835-codec", "pispbe")
"""Drivers of Raspberry Pis whose nodes say that they capture, and give back what they are sent."""

_NUMBER = re.compile(r"video(\d+)")


class NodeKind(StrEnum):
    """What a node is."""

    CAMERA = "camera"
    OTHER = "no camera"
    CLOSED = "cannot be asked"


@dataclass(frozen=True)
class VideoNode:
    """One of /dev/video*; `problem` is why it cannot be asked what it is."""

    path: Path
    name: str
    kind: NodeKind
    problem: str = ""

    def __str__(self) -> str:
        """Return path and name, as `greenroom devices` prints them."""
        return f"{self.path} ({self.name})" if self.name else str(self.path)


def read_capability(path: Path, answer: bytes) -> VideoNode:
    """Return what a driver says in its `struct v4l2_capability`."""
    driver, card, _, _, whole, own = CAPABILITY.unpack(answer)
    can = own if whole & HAS_OWN_CAPABILITIES else whole
    is_camera = (
        can & CAPTURES
        and can & GIVES_PICTURES
        and not can & (PLAYS_OR_CONVERTS | NEEDS_MEDIA_CONTROLLER)
        and _text(driver) not in IMAGE_PROCESSORS
    )
    return VideoNode(path, _text(card), NodeKind.CAMERA if is_camera else NodeKind.OTHER)


def look_at(path: Path) -> VideoNode:
    """Ask a node what it is."""
    try:
        opened = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            answer = fcntl.ioctl(opened, QUERYCAP, bytes(CAPABILITY.size))
        finally:
            os.close(opened)
    except OSError as error:
        named = DEVICE_NAMES / path.resolve().name / "name"
        name = named.read_text(errors="replace").strip() if named.is_file() else ""
        return VideoNode(path, name, NodeKind.CLOSED, error.strerror or str(error))
    return read_capability(path, answer)


def video_nodes() -> list[VideoNode]:
    """Return all nodes, in the order of their numbers."""
    numbered = ((_NUMBER.fullmatch(path.name), path) for path in DEVICES.glob("video*"))
    return [look_at(path) for _, path in sorted((int(m[1]), path) for m, path in numbered if m)]


def cameras(nodes: Sequence[VideoNode]) -> list[VideoNode]:
    """Return the cameras among nodes."""
    return [node for node in nodes if node.kind is NodeKind.CAMERA]


def what_there_is(nodes: Sequence[VideoNode]) -> str:
    """Say which cameras there are, or why there is none."""
    there = cameras(nodes)
    closed = [node for node in nodes if node.kind is NodeKind.CLOSED]
    if there:
        return f"there is {', '.join(map(str, there))}"
    if closed:
        asked = ", ".join(f"{node}: {node.problem}" for node in closed)
        return f"there is {asked}; who may use cameras is in the group `video`"
    if nodes:
        kinds = ", ".join(map(str, nodes))
        return (
            f"no camera is connected ({kinds}: no cameras); one on the ribbon cable of a "
            "Raspberry Pi needs Picamera2 (apt install python3-picamera2), or "
            "`libcamerify greenroom run ...`"
        )
    return "no camera is connected"


def _text(padded: bytes) -> str:
    return padded.partition(b"\0")[0].decode("utf-8", "replace").strip()
