"""What a run shows while it goes on."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from typing import Self

from pipeline.config.graph import SUPERVISOR
from pipeline.frames import (
    Fault,
    Frame,
    SessionEnded,
    SessionOpened,
    Side,
    Spending,
    Status,
    ToolCall,
    ToolResult,
    Transcript,
    TurnClosed,
)
from pipeline.logs import in_one_line, redact
from pipeline.turns.transcript_lines import TranscriptLine, TranscriptLines

SPEAKER_NAMES = {Side.USER: "you", Side.MODEL: "gemini"}


def speaker(who: str, session: str, own: str | None) -> str:
    """Return who says a line: in another session than the pipeline's own, with its name before."""
    return who if own in (None, session) else f"{session} {who}"


def opening(opened: SessionOpened) -> str:
    """A session that begins, with its labels, in words."""
    labels = ", ".join(f"{key}={value}" for key, value in opened.labels.items())
    return f"opened ({labels})" if labels else "opened"


class View(ABC):
    """Turns frames into lines; what is done with a line is up to the view.

    Args:
        session: The pipeline's own; lines of any other begin with its name. None: no line does.
    """

    def __init__(self, session: str | None = None) -> None:
        self._session = session
        self._transcript = TranscriptLines()
        self.spending: Spending | None = None
        """What it costs, if that is counted."""

    def on_frame(self, actor: str, frame: Frame) -> None:
        """Take a frame the supervisor saw."""
        match frame:
            case Transcript():
                self._print(self._transcript.add(frame))
            case TurnClosed():
                self._print(self._transcript.close(frame, self.now_s()))
                if frame.reason:
                    self._tell("turn", frame, f"{frame.outcome.value}: {frame.reason}")
            case ToolCall():
                arguments = ", ".join(f"{k}={v!r}" for k, v in frame.args.items())
                self._tell("tool", frame, f"{frame.name}({arguments})")
            case ToolResult():
                self._tell("tool", frame, f"{frame.name} -> {frame.status.value} {frame.response}")
            case Fault():
                advice = f" ({frame.advice})" if frame.advice else ""
                self._tell(actor, frame, f"{frame.fault.value}: {frame.reason}{advice}")
            case SessionOpened() | SessionEnded() if actor != SUPERVISOR:
                pass  # What was asked for; the supervisor says what came of it.
            case SessionOpened() if frame.session != self._session:
                self._tell("session", frame, opening(frame))
            case SessionEnded():
                self._print(self._transcript.end(frame.session))
                detail = f": {frame.detail}" if frame.detail else ""
                self._tell("session", frame, f"ended, {frame.reason.value}{detail}")
            case Spending():
                self.spending = frame
            case Status():
                self._print(self._transcript.overdue(self.now_s()))
                self.status(frame)

    def _print(self, lines: list[TranscriptLine]) -> None:
        for line in lines:
            who = speaker(SPEAKER_NAMES[line.side], line.session, self._session)
            self.line(in_one_line(who), line.text)

    def _tell(self, who: str, frame: Frame, text: str) -> None:
        self.line(
            in_one_line(speaker(who, frame.session, self._session)), in_one_line(redact(text))
        )

    def now_s(self) -> float:
        """By what words are late."""
        return time.monotonic()

    @abstractmethod
    def line(self, who: str, text: str) -> None:
        """Show a line."""

    def status(self, status: Status) -> None:  # noqa: B027 - lines have no place for it
        """Show how the pipeline is."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._print(self._transcript.overdue(math.inf))


class LinesView(View):
    """One line for each thing said or done."""

    def line(self, who: str, text: str) -> None:
        """Print at once, also into a pipe."""
        print(f"{who}: {text}", flush=True)  # noqa: T201
