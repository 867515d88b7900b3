"""An ear of a caller, and what it heard."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from actors.gateway.ear import CallerEar
from pipeline.frames import Audio

PATIENCE_S = 20.0
"""For a thread of a busy machine to decode what it was given."""


class Listener:
    """What an ear published; what it wanted done on the event loop is done here at once."""

    def __init__(self) -> None:
        self.blocks: list[Audio] = []
        self.problems: list[str] = []
        self._came = threading.Condition()
        self.ear = CallerEar("caller", self.blocks.append, self._run, self.problems.append)

    @property
    def samples(self) -> NDArray[np.int16]:
        """All that was heard."""
        return np.frombuffer(b"".join(block.pcm for block in self.blocks), np.int16)

    def finish(self) -> None:
        """End the file, and wait until all of it was heard."""
        threads = [each for each in threading.enumerate() if each.name == "caller's sound"]
        self.ear.end_file()
        for thread in threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    def hears_until(self, due_samples: float) -> bool:
        """Wait until so much was heard; return whether it was."""
        with self._came:
            return self._came.wait_for(
                lambda: sum(block.samples for block in self.blocks) >= due_samples, PATIENCE_S
            )

    def _run(self, work: Callable[[], None]) -> None:
        with self._came:
            work()
            self._came.notify_all()
