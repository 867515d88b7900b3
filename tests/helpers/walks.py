"""Which files a piece of sound, or a fault, passes on its way, in order: what a reader has to open.

A file is passed if one of its functions is given it, or gives it, in whatever it is wrapped.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from pydantic import BaseModel

ROOT = Path(__file__).parents[2]
HOUSE = (ROOT / "pipeline", ROOT / "actors")
TESTING = ROOT / "pipeline" / "testing"
BUS = ("pipeline/bus/", "pipeline/actor.py")
"""What a frame of whatever kind passes between two actors: a step of its own, counted as one."""
SHORTEST = 64
"""Bytes that are taken for a part of the sound; fewer might be anything."""
DEEPEST = 4
"""Of what is wrapped in what: a message, its content, a part of it, the data."""


@dataclass
class Walk:
    """`files` in the order in which they were first given what is followed.

    That is `sound`, or whatever is of one of `kinds`.
    """

    sound: bytes
    kinds: tuple[type, ...] = ()
    files: list[str] = field(default_factory=list)

    @property
    def steps(self) -> list[str]:
        """The same, with the bus as one, and without the types of frames."""
        files = [name for name in self.files if not name.startswith("pipeline/frames/")]
        steps = ["the bus" if name.startswith(BUS) else name for name in files]
        return list(dict.fromkeys(steps))

    def within(self, folder: str) -> list[str]:
        """Those in a folder."""
        return [name for name in self.files if name.startswith(folder)]

    def holds(self, value: Any, depth: int = DEEPEST) -> bool:
        """Whether what is followed, or a part of it, is in a value."""
        if isinstance(value, self.kinds):
            return True
        if isinstance(value, np.ndarray):
            value = value.astype("<i2").tobytes()
        if isinstance(value, bytes | bytearray | memoryview):
            data = bytes(value)
            return len(data) >= SHORTEST <= len(self.sound) and (
                data in self.sound or self.sound in data
            )
        if depth == 0:
            return False
        if isinstance(value, list | tuple):
            return any(self.holds(each, depth - 1) for each in value)
        if isinstance(value, BaseModel):
            return any(self.holds(each, depth - 1) for each in vars(value).values())
        if is_dataclass(value) and not isinstance(value, type) and hasattr(value, "__slots__"):
            # Those without slots are things that live, and may hold whatever came before.
            return any(self.holds(getattr(value, n), depth - 1) for n in value.__slots__)
        return False


@contextmanager
def walk(sound: bytes = b"", *kinds: type) -> Iterator[Walk]:
    """Follow the sound, or objects of these kinds, through what this thread calls."""
    noted = Walk(sound, kinds)
    names: dict[str, str] = {}

    def on_call(frame: FrameType, event: str, given: object) -> None:
        if event not in {"call", "return"}:
            return
        code = frame.f_code
        if code.co_filename not in names:
            names[code.co_filename] = _name(code.co_filename)
        name = names[code.co_filename]
        if not name or name in noted.files:
            return
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        values = [frame.f_locals.get(each) for each in arguments if each != "self"]
        if event == "return":
            values = [given]
        if any(noted.holds(value) for value in values):
            noted.files.append(name)

    sys.setprofile(on_call)
    try:
        yield noted
    finally:
        sys.setprofile(None)


def _name(path: str) -> str:
    """The file from the root of the house; empty for what is not of it."""
    file = Path(path)
    of_house = any(file.is_relative_to(part) for part in HOUSE) and TESTING not in file.parents
    return str(file.relative_to(ROOT)) if of_house else ""
