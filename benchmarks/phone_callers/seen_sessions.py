"""Which sessions there were while calls were held."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from benchmarks.tap import tapping
from pipeline.frames import SessionEnded, SessionOpened
from pipeline.testing import RunningPipeline


class SeenSessions:
    """Listens to sessions while calls are held, in a thread of its own."""

    def __init__(self, pipeline: RunningPipeline) -> None:
        self.opened: dict[str, SessionOpened] = {}
        self.ended: dict[str, SessionEnded] = {}
        self._folder = pipeline.runtime_dir
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def _listen(self) -> None:
        with tapping(self._folder, supervisor=["sessions"]) as tap:
            while not self._over.is_set():
                with suppress(TimeoutError):
                    for heard in tap.stream(0.5):
                        match heard.frame:
                            case SessionOpened():
                                self.opened.setdefault(heard.frame.session, heard.frame)
                            case SessionEnded():
                                self.ended.setdefault(heard.frame.session, heard.frame)

    @contextmanager
    def listening(self) -> Iterator[SeenSessions]:
        """Listen."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()
