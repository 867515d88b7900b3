"""What a run shows while it goes on: a live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipeline.dialogue import Dialogue
from pipeline.frames import (
    Fault,
    Frame,
    Side,
    Status,
    ToolCall,
    ToolResult,
    Transcript,
    TurnClosed,
)
from pipeline.logs import redact

if TYPE_CHECKING:
    from pipeline.config import Graph

REFRESH_HZ = 5
"""What a person can follow."""
SHOWN_LINES = 14
SPEAKER_NAMES = {Side.USER: "you", Side.MODEL: "gemini"}


class _View:
    """Turns frames into lines; what is done with a line is up to the view."""

    def __init__(self) -> None:
        self._dialogue = Dialogue()

    def on_frame(self, actor: str, frame: Frame) -> None:
        """Take a frame the supervisor saw."""
        match frame:
            case Transcript():
                for side, text in self._dialogue.take(frame):
                    self.line(SPEAKER_NAMES[side], text)
            case TurnClosed():
                for side, text in self._dialogue.close(frame):
                    self.line(SPEAKER_NAMES[side], text)
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
            case Status():
                self.status(frame)

    def line(self, who: str, text: str) -> None:
        """Show a line."""
        raise NotImplementedError

    def status(self, status: Status) -> None:
        """Show how the pipeline is."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        return None


class LinesView(_View):
    """One line for each thing said or done."""

    def line(self, who: str, text: str) -> None:
        """Print at once, also into a pipe."""
        print(f"{who}: {text}", flush=True)  # noqa: T201


class LiveView(_View):
    """Actors, route, levels, latency and the conversation, redrawn in place."""

    def __init__(self, graph: Graph, log_path: str) -> None:
        super().__init__()
        self._graph = graph
        self._log_path = log_path
        self._lines: deque[tuple[str, str]] = deque(maxlen=SHOWN_LINES)
        self._status: Status | None = None
        self._first_sound_ms: float | None = None
        self._live = Live(
            console=Console(), get_renderable=self._render, refresh_per_second=REFRESH_HZ
        )

    def on_frame(self, actor: str, frame: Frame) -> None:
        """Take a frame the supervisor saw."""
        if isinstance(frame, TurnClosed) and frame.first_sound_ms is not None:
            self._first_sound_ms = frame.first_sound_ms
        super().on_frame(actor, frame)

    def line(self, who: str, text: str) -> None:
        """Add to the conversation."""
        self._lines.append((who, text))

    def status(self, status: Status) -> None:
        """Keep for the next redraw."""
        self._status = status

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._live.stop()

    def _render(self) -> Group:
        words = Text()
        for who, text in self._lines:
            words.append(f"{who}: ", style="bold cyan" if who == "you" else "bold green")
            words.append(f"{text}\n")
        return Group(
            self._actors(),
            Panel(words, title="conversation", title_align="left"),
            Text(f"Control-C ends. Log: {self._log_path}", style="dim"),
        )

    def _actors(self) -> Table:
        status = self._status
        title = f"greenroom: {self._graph.config.name}"
        if status is not None:
            title += f"   {status.uptime_s:.0f} s"
            if status.route is not None and status.route.owner:
                title += f"   answering: {status.route.owner}"
        if self._first_sound_ms is not None:
            title += f"   first sound after {self._first_sound_ms:.0f} ms"
        table = Table(title=title, title_justify="left", expand=True)
        table.add_column("actor")
        table.add_column("state")
        table.add_column("restarts", justify="right")
        table.add_column("memory, MiB", justify="right")
        table.add_column("gauges", overflow="fold")
        for each in status.actors if status is not None else []:
            health = each.health
            state = health.state.value if health and each.phase == "running" else each.phase
            if health and health.detail:
                state += f": {health.detail}"
            gauges = " ".join(f"{k} {v:.4g}" for k, v in (health.gauges if health else {}).items())
            memory = f"{each.pss_mib:.0f}" if each.pss_mib is not None else ""
            table.add_row(each.actor, state, str(each.restarts), memory, gauges)
        return table
