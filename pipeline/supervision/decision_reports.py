"""Reports of the supervisor's decisions: what a live view and the log are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from pipeline.frames import Frame, Route, SessionEnd, SessionEnded
from pipeline.logs import Logger, lines_about
from pipeline.ports import SUPERVISOR
from pipeline.supervision.session_end_log import SessionEndLog
from pipeline.turns.open_sessions import Told

CROWD = 10
"""So many sessions that are told of something at once are to act on it before it is logged."""
CROWD_REPORT_S = 0.05
"""Until that is logged: lines about 100 sessions take 10 to 30 ms of a processor that those who
are to act need; a backend takes up 100 sessions in 30 ms (benchmarks/README.md, "Crowds")."""


class DecisionReports:
    """Shows and logs what was published.

    Args:
        log: The supervisor's.
        labels: Returns what a line of the log says of a session.
        on_frame: A live view, which sees every frame with the actor it is from.
    """

    def __init__(
        self,
        log: Logger,
        labels: Callable[[str], Mapping[str, str]],
        on_frame: Callable[[str, Frame], None] | None,
    ) -> None:
        self._log = log
        self._labels = labels
        self._on_frame = on_frame
        self._session_ends = SessionEndLog(log)
        self._waiting: list[Told] = []

    def show(self, actor: str, frame: Frame) -> None:
        """Show a frame."""
        if self._on_frame is not None:
            self._on_frame(actor, frame)

    def add(self, *frames: Told) -> None:
        """Report at once, or a little later what concerns a crowd."""
        if len(frames) < CROWD:
            self.report(*frames)
        else:
            self._waiting += frames
            asyncio.get_running_loop().call_later(CROWD_REPORT_S, self.flush)

    def flush(self) -> None:
        """Report what waits."""
        waiting, self._waiting = self._waiting, []
        self.report(*waiting)

    def report(self, *frames: Told) -> None:
        """Report now."""
        for frame in frames:
            if isinstance(frame, Route) and frame.epoch > 1:
                with lines_about(self._labels(frame.session)):
                    self._log.info(f"{frame.owner} answers from now on", because=frame.reason)
            elif isinstance(frame, SessionEnded) and frame.reason is not SessionEnd.HUNG_UP:
                self._session_ends.add(frame, self._labels(frame.session))
            self.show(SUPERVISOR, frame)
