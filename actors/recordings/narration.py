"""Narration of a recording: lines as `greenroom run` would have shown them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from actors.recordings.messages import RecordedMessage
from pipeline.cli.view import View
from pipeline.frames import Fault, Frame, Outcome, Route, Transcript, TurnClosed
from pipeline.logs import redact

TYPES = frozenset(
    {"transcript", "turn_closed", "tool_call", "tool_result", "fault", "route", "status"}
)
"""What is looked at; a status only for the time."""


class Weight(StrEnum):
    """How much a line matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class NarrationLine(NamedTuple):
    """Something said or done, when, monotonic, and by whom."""

    at_ns: int
    weight: Weight
    who: str
    text: str


def narrated(frames: Iterable[tuple[RecordedMessage, Frame]]) -> Iterator[NarrationLine]:
    """Give the lines in order, given the frames in the order of sending."""
    narrator = _Narrator()
    open_turns: dict[str, str] = {}
    """By turn: its session."""
    with narrator:
        for message, frame in frames:
            if isinstance(frame, Transcript):
                open_turns[frame.turn] = frame.session
            elif isinstance(frame, TurnClosed):
                open_turns.pop(frame.turn, None)
            narrator.at_ns, narrator.weight = message.sent_ns, _weight(frame)
            narrator.on_frame(message.actor, frame)
            if isinstance(frame, Route):
                narrator.line("route", redact(f"{frame.owner or 'nobody'}: {frame.reason}"))
            yield from narrator.told()
        narrator.weight = Weight.INFO
        for turn, session in open_turns.items():
            # The recording breaks off: what was said of the turn so far is all there is.
            broken_off = TurnClosed(session=session, turn=turn, outcome=Outcome.INTERRUPTED)
            narrator.on_frame("", broken_off)
    yield from narrator.told()


def _weight(frame: Frame) -> Weight:
    match frame:
        case Fault() | TurnClosed(outcome=Outcome.FAILED):
            return Weight.ERROR
        case Route():
            return Weight.WARNING
    return Weight.INFO


class _Narrator(View):
    """Keeps the lines of a view; what is late is late by the time of the recording."""

    at_ns = 0
    weight = Weight.INFO

    def __init__(self) -> None:
        super().__init__()  # No line names its session: what is exported is one of them.
        self._lines: list[NarrationLine] = []

    def now_s(self) -> float:
        return self.at_ns / 1e9

    def line(self, who: str, text: str) -> None:
        self._lines.append(NarrationLine(self.at_ns, self.weight, who, text))

    def told(self) -> list[NarrationLine]:
        """Return the lines since the last time."""
        lines, self._lines = self._lines, []
        return lines
