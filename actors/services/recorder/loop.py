"""Recording loop: from the sockets to the disk, until told to stop."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from threading import Event

from actors.services.recorder.capture import Capture
from actors.services.recorder.consent import Consents
from actors.services.recorder.privacy import Privacy
from actors.services.recorder.rotating_writer import ALL
from actors.services.recorder.session_files import Files
from pipeline.bus.blocking_subscriber import Taken

BATCH_S = 0.05
"""Frames are read so often, many at a time: a twentieth of the wake-ups, and far from the
high-water mark."""
POLL_MS = 200
"""How soon a quiet recorder notices that it is to stop."""
RETRY_S = 30.0
"""After a full disk: somebody may have made room."""
OVER_S = 30.0
"""If so long after that nothing came for a file, nothing will: its session is over."""

COUNTERS = ("frames", "withheld", "late", "unwritten", "write_errors", "lost", "garbage")
"""All there from the start: the heartbeat copies the counters while the recorder counts."""


class Loop:
    """Records until told to stop.

    Args:
        capture: Where frames come from.
        privacy: Which of them are recorded; the others are counted as `withheld`.
        writer: Where they go.
        counters: `frames` recorded, `write_errors`, frames `unwritten` because of them, and those
            that came too `late`, after the file of their session was ended.
        on_trouble: Called with the error when the disk refuses, and with None when it is well
            again.
        consents: What of each session may be recorded; None: this pipeline has no sessions.
    """

    def __init__(
        self,
        capture: Capture,
        privacy: Privacy,
        writer: Files,
        counters: Counter[str],
        on_trouble: Callable[[OSError | None], None],
        consents: Consents | None = None,
    ) -> None:
        self._capture = capture
        self._privacy = privacy
        self._writer = writer
        self._counters = counters
        self._on_trouble = on_trouble
        self._consents = consents
        self._refused: dict[str, float] = {}
        """Files that the disk refused, and when each is tried again: with files of their own, one
        session's rest is no other's."""

    def run(self, stop: Event, tick: Callable[[], None] = lambda: None) -> None:
        """Record; what has come before `stop` was set is recorded too."""
        stopping = False
        while not stopping:
            stopping = stop.is_set()
            for taken in self._capture.receive(0 if stopping else POLL_MS):
                for each in self._consented(taken):
                    self._record(each)
            if self._consents is not None:
                self._counters["withheld"] += self._consents.expire(time.monotonic_ns())
            self._guarded(ALL, self._writer.tick)
            self._forget_those_that_are_over()
            self._counters["late"] = self._writer.late
            tick()
            if not stopping:
                stop.wait(BATCH_S)
        self._guarded(ALL, self._writer.close)

    def _consented(self, taken: Taken) -> list[Taken]:
        if self._consents is None:
            return [taken]
        admitted = self._consents.admit(taken)
        self._counters["withheld"] += admitted.withheld
        return admitted.record

    def _record(self, taken: Taken) -> None:
        self._writer.note(taken)
        if not (self._capture.is_wanted(taken) and self._privacy.admits(taken.frame)):
            self._counters["withheld"] += 1
            return
        name = self._writer.name_of(taken)
        if self._is_resting(name) or not self._guarded(name, lambda: self._write(name, taken)):
            self._counters["unwritten"] += 1

    def _is_resting(self, name: str) -> bool:
        """The disk refused, and is not tried again yet."""
        return time.monotonic() < self._refused.get(name, 0.0)

    def _write(self, name: str, taken: Taken) -> None:
        written = self._writer.write(taken)
        self._counters["frames"] += written
        if written:
            self._is_well(name, ALL)

    def _forget_those_that_are_over(self) -> None:
        """Of whom nothing comes any more, nothing is tried again."""
        before_s = time.monotonic() - OVER_S
        over = [name for name, retry_s in self._refused.items() if retry_s <= before_s]
        if over:
            self._is_well(*over)

    def _is_well(self, *names: str) -> None:
        """Files can be written, or are wanted no more."""
        if not self._refused:
            return
        for name in names:
            self._refused.pop(name, None)
        if not self._refused:
            self._on_trouble(None)

    def _guarded(self, name: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except OSError as error:
            self._counters["write_errors"] += 1
            first = not self._refused
            self._refused[name] = time.monotonic() + RETRY_S
            if first:
                self._on_trouble(error)
            return False
        return True
