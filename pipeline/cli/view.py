"""What a run shows while it goes on."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from typing import Self

from pipeline.frames import (
    Fault,
    Frame,
    Side,
    Spending,
    Status,
    ToolCall,
    ToolResult,
    Transcript,
    TurnClosed,
)
from pipeline.logs import redact
from pipeline.turns.dialogue import Dialogue, Line

SPEAKER_NAMES = {Side.USER: "you", Side.MODEL: "gemini"}


class View(ABC):
    """Turns frames into lines; what is done with a line is up to the view."""

    def __init__(self) -> None:
        self._dialogue = Dialogue()
        self.spending: Spending | None = None
        """What it costs, if that is counted."""

    def on_frame(self, actor: str, frame: Frame) -> None:
        """Take a frame the supervisor saw."""
        match frame:
            case Transcript():
                self._say(self._dialogue.take(frame))
            case TurnClosed():
                self._say(self._dialogue.close(frame, self.now_s()))
                if frame.reason:
                    self.line("turn", f"{frame.outcome.value}: {frame.reason}")
            case ToolCall():
                arguments = ", ".join(f"{k}={v!r}" for k, v in frame.args.items())
                self.line("tool", redact(f"{frame.name}({arguments})"))
            case ToolResult():
                self.line("tool", redact(f"{frame.name} -> {frame.status.value} {frame.response}"))
            case Fault():
                advice = f" ({frame.advice})" if frame.advice else ""
                self.line(actor, redact(f"{frame.fault.value}: {frame.reason}{advice}"))
            case Spending():
                self.spending = frame
            case Status():
                self._say(self._dialogue.overdue(self.now_s()))
                self.status(frame)

    def _say(self, lines: list[Line]) -> None:
        for side, text in lines:
            self.line(SPEAKER_NAMES[side], text)

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
        self._say(self._dialogue.overdue(math.inf))


class LinesView(View):
    """One line for each thing said or done."""

    def line(self, who: str, text: str) -> None:
        """Print at once, also into a pipe."""
        print(f"{who}: {text}", flush=True)  # noqa: T201
