"""What a run shows on a terminal: everything at a glance, redrawn in place."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipeline.cli.cost import cost_line
from pipeline.cli.view import View
from pipeline.frames import Frame, Status, TurnClosed
from pipeline.outlets.text import outlet_of

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config import Graph

REFRESH_HZ = 5
"""What a person can follow."""
SHOWN_LINES = 14


class PatientLive(Live):
    """Redraws only when the terminal has taken what was drawn before."""

    def refresh(self) -> None:
        """Draw, unless nobody would see it: a stopped terminal shows the newest when it goes on."""
        outlet = outlet_of(self.console.file)
        if outlet is None or not outlet.is_behind:
            super().refresh()


class LiveView(View):
    """Actors, route, levels, latency and the conversation, redrawn in place."""

    def __init__(self, graph: Graph, log_path: Path) -> None:
        super().__init__(graph.config.session)
        self._graph = graph
        self._log_path = log_path
        self._lines: deque[tuple[str, str]] = deque(maxlen=SHOWN_LINES)
        self._status: Status | None = None
        self._first_sound_ms: float | None = None
        self._live = PatientLive(
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

    def __exit__(self, *_exc: object) -> None:
        self._live.stop()
        super().__exit__()

    def _render(self) -> Group:
        words = Text()
        for who, text in self._lines:
            words.append(f"{who}: ", style="bold cyan" if who.endswith("you") else "bold green")
            words.append(f"{text}\n")
        return Group(
            self._actors(),
            Panel(words, title="conversation", title_align="left"),
            *([Text(cost_line(self.spending))] if self.spending is not None else []),
            Text(f"Control-C ends. Log: {self._log_path}", style="dim"),
        )

    def _actors(self) -> Table:
        status = self._status
        title = Text(f"greenroom: {self._graph.config.name}", style="italic")
        if status is not None:
            title.append(f"   {status.uptime_s:.0f} s")
            if status.route is not None and status.route.owner:
                title.append(f"   answering: {status.route.owner}")
        if self._first_sound_ms is not None:
            title.append(f"   first sound after {self._first_sound_ms:.0f} ms")
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
            table.add_row(each.actor, Text(state), str(each.restarts), memory, Text(gauges))
        return table
