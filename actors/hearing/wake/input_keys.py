"""Keys of input devices: their names and numbers, and what a device says of them."""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from pipeline.errors import DeviceError, did_you_mean

EV_KEY = 1
EVENT = struct.Struct("llHHi")
"""`struct input_event` of linux/input.h: seconds, microseconds, type, code, value."""
RELEASED, PRESSED = 0, 1
"""Values; 2 is a key that repeats while it is held."""

KEYS = {
    **{f"KEY_F{number}": 58 + number for number in range(1, 11)},
    "KEY_F11": 87,
    "KEY_F12": 88,
    **{f"KEY_F{number}": 170 + number for number in range(13, 25)},
    "KEY_ESC": 1,
    "KEY_TAB": 15,
    "KEY_ENTER": 28,
    "KEY_LEFTCTRL": 29,
    "KEY_LEFTSHIFT": 42,
    "KEY_SPACE": 57,
    "KEY_SCROLLLOCK": 70,
    "KEY_RIGHTCTRL": 97,
    "KEY_UP": 103,
    "KEY_PAGEUP": 104,
    "KEY_DOWN": 108,
    "KEY_PAGEDOWN": 109,
    "KEY_MUTE": 113,
    "KEY_PAUSE": 119,
    "KEY_PLAYPAUSE": 164,
    "KEY_MEDIA": 226,
    "KEY_MICMUTE": 248,
    "KEY_VOICECOMMAND": 582,
    "BTN_LEFT": 272,
    "BTN_RIGHT": 273,
    "BTN_MIDDLE": 274,
}
"""Those of linux/input-event-codes.h that keyboards, pedals, presenters and headsets have to
spare; any other is named by its number."""


def _number(value: object) -> object:
    if not isinstance(value, str):
        return value
    name = value.upper()
    for known in (name, f"KEY_{name}"):
        if known in KEYS:
            return KEYS[known]
    raise ValueError(
        f"there is no key {value!r}: {did_you_mean(name, KEYS)} "
        "`evtest` shows the number of any key that is pressed"
    )


InputKey = Annotated[int, BeforeValidator(_number), Field(ge=1, le=767)]
"""The kernel knows 767 of them."""


def strokes(block: bytes, key: int) -> Iterator[bool]:
    """Yield whether a key was pressed or released, as a device says it.

    Args:
        block: Whole events.
        key: Its number.
    """
    for _, _, kind, code, value in EVENT.iter_unpack(
        block[: len(block) // EVENT.size * EVENT.size]
    ):
        if kind == EV_KEY and code == key and value in (RELEASED, PRESSED):
            yield value == PRESSED


def open_keys(device: Path) -> int:
    """Return a descriptor from which the events of an input device are read, without blocking.

    Raises:
        DeviceError: there is no such device, or it may not be read.
    """
    try:
        fd = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        kind = os.fstat(fd).st_mode
        if stat.S_ISCHR(kind) or stat.S_ISFIFO(kind):
            return fd
        os.close(fd)
        raise DeviceError(f"key: {device} is no device of keys; name one of /dev/input/by-id")
    except OSError as error:
        advice = {
            errno.ENOENT: "plug it in, or name one of /dev/input/by-id",
            errno.EACCES: "join the group `input`",
        }.get(error.errno or 0, "name one of /dev/input/by-id")
        raise DeviceError(f"key: {device}: {error.strerror}; {advice}") from error
