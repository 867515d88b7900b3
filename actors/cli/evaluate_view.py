"""How an evaluation goes, and what it came to, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from actors.recordings.evaluation.cells import Cell
from actors.recordings.evaluation.journal import CellJournal
from actors.recordings.evaluation.observation import Observed
from actors.recordings.evaluation.scores import Total, middle, rate
from pipeline.logs import redact

ESTIMATE_FROM_S = 600.0
"""A cell takes a quarter of a minute and more: what is left is told from the last dozens."""


class CellProgress:
    """A bar on a terminal, otherwise a line for each cell; keeps the journal.

    Attributes:
        failures: Cells that could not be run.
    """

    def __init__(self, console: Console, journal: CellJournal, count: int) -> None:
        self.failures = 0
        self._console = console
        self._journal = journal
        self._count = count
        self._done = 0
        self._late = 0
        self._running: list[str] = []
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
        )
        quiet = not console.is_terminal or not count
        self._bar = Bar(
            *columns, console=console, disable=quiet, speed_estimate_period=ESTIMATE_FROM_S
        )
        self._task = self._bar.add_task("", total=count)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._bar.stop()
        if self._late:
            self._console.print(
                f"in {self._late} cells speech began before every actor was ready: "
                "the machine is too busy, and latencies are too long; use fewer --jobs"
            )

    def begun(self, cell: Cell) -> None:
        """Show what is being run."""
        self._running.append(_name(cell))
        self._show()

    def finished(self, cell: Cell, observed: Observed) -> None:
        """Note a cell in the journal."""
        self._journal.add(cell, observed)
        self._late += observed.started_late
        count = len(observed.turns)
        self._end(cell, f"{count} turn{'' if count == 1 else 's'}")

    def failed(self, cell: Cell, reason: str) -> None:
        """Say which cell failed and why."""
        self.failures += 1
        self._end(cell, f"failed: {redact(reason)}", always=True)

    def _end(self, cell: Cell, what: str, *, always: bool = False) -> None:
        self._done += 1
        self._running.remove(_name(cell))
        self._bar.advance(self._task)
        self._show()
        if always or self._bar.disable:
            line = f"{self._done}/{self._count} {_name(cell)}: {what}"
            self._console.print(escape(line), highlight=False, soft_wrap=True)

    def _show(self) -> None:
        self._bar.update(self._task, description=escape("; ".join(self._running)))


def _name(cell: Cell) -> str:
    return f"{cell.recording.name} ({cell.group})"


def show_totals(totals: Sequence[Total], console: Console) -> None:
    """Print a row for each variant and noise."""
    labelled = any(each.response_ms for each in totals)
    currency = next((each.currency for each in totals if each.currency), "money")
    headers = ["turns\nfound", "missed", "false", "cut", "joined", "not\nended", "answered"]
    headers += ["words\nwrong, %", "first\nsound, ms"]
    headers += [*(["after\nlabel, ms"] if labelled else []), f"cost,\n{currency}"]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1))
    table.add_column("variant", overflow="fold")
    for header in headers:
        table.add_column(header, justify="right")
    for total in totals:
        table.add_row(escape(total.name), *_figures(total, labelled=labelled))
    console.print(table)
    console.print("found: of those expected; ms: medians; docs/evaluating.md", style="dim")


def _figures(total: Total, *, labelled: bool) -> list[str]:
    words = rate(total.words)
    return [
        f"{total.found}/{total.count('expected')}",
        *(str(total.count(each)) for each in ("missed", "false", "cut", "joined")),
        str(total.not_ended),
        f"{total.answered}/{total.found}",
        "-" if words is None else f"{100 * words:.1f}",
        _ms(total.first_sound_ms),
        *([_ms(total.response_ms)] if labelled else []),
        "-" if total.money is None else f"{total.money:.4f}",
    ]


def _ms(values: Sequence[float]) -> str:
    median = middle(values)
    return "-" if median is None else f"{median:.0f}"
