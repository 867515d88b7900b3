"""Listens to streams of a running pipeline from outside, as any program may."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from pipeline.bus.blocking_subscriber import BlockingSubscriber
from pipeline.bus.endpoint import ipc_address
from pipeline.frames import Frame
from pipeline.frames.wire import decode

PATIENCE_S = 60.0
"""How long a frame is waited for: only a broken pipeline lets anybody wait so long."""

NAME = "benchmark"
"""Under which retained frames are asked for."""

FrameT = TypeVar("FrameT", bound=Frame)


class Heard(NamedTuple):
    """A frame, and when it got here."""

    actor: str
    frame: Frame
    at_ns: int


class Tap:
    """Frames of several streams, in the order in which they come, and those retained before."""

    def __init__(self, runtime_dir: Path, streams: Mapping[str, Sequence[str]]) -> None:
        self._listener = BlockingSubscriber(NAME)
        for actor, ports in streams.items():
            self._listener.connect(actor, ipc_address(runtime_dir, actor), ports)

    def close(self) -> None:
        """Disconnect."""
        self._listener.close()

    def until(
        self, actor: str, kind: type[FrameT], where: Callable[[FrameT], bool] = lambda _: True
    ) -> tuple[FrameT, int]:
        """Return the next frame of `actor` that fits, and when it got here.

        Raises:
            TimeoutError: there is none.
        """
        for heard in self.stream():
            if heard.actor == actor and isinstance(heard.frame, kind) and where(heard.frame):
                return heard.frame, heard.at_ns
        raise AssertionError("streams do not end")

    def stream(self, patience_s: float = PATIENCE_S) -> Iterator[Heard]:
        """Yield what comes, until the caller has seen enough.

        Raises:
            TimeoutError: it had not after `patience_s`.
        """
        end_s = time.monotonic() + patience_s
        while True:
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"what was expected did not come within {patience_s:g} s")
            for taken in self._listener.receive(math.ceil(left_s * 1000)):
                yield Heard(taken.actor, decode(taken.payload), taken.at_ns)


@contextmanager
def tapping(runtime_dir: Path, **streams: Sequence[str]) -> Iterator[Tap]:
    """Listen to ports of actors, by the actor's name."""
    tap = Tap(runtime_dir, streams)
    try:
        yield tap
    finally:
        tap.close()
