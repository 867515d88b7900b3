"""The table of turns at the end of a run."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.cost import cost_line
from pipeline.frames import Spending
from pipeline.logs import in_one_line, redact
from pipeline.turns.callers import CallerSummary
from pipeline.turns.ledger import Ledger


def print_turns(
    ledger: Ledger, spending: Spending | None = None, console: Console | None = None
) -> None:
    """Print what was said, who answered, how long the first sound took, the outcome, the cost."""
    table = Table(box=box.SIMPLE_HEAD, title="turns", title_justify="left")
    table.add_column("turn")
    table.add_column("said", overflow="fold")
    table.add_column("answer", overflow="fold")
    table.add_column("by")
    table.add_column("first sound", justify="right")
    table.add_column("outcome")
    for turn in ledger.turns.values():
        first = turn.first_sound_ms
        outcome = turn.outcome.value if turn.outcome else "open"
        table.add_row(
            Text(turn.turn),
            _shown(turn.said.strip()),
            _shown(turn.answer.strip()),
            turn.by,
            f"{first:.0f} ms" if first is not None else "-",
            _shown(f"{outcome}: {turn.reason}" if turn.reason else outcome),
        )
    console = console or Console()
    console.print(table)
    if spending is not None:
        console.print(Text(cost_line(spending)))


def print_callers(
    callers: Sequence[CallerSummary], left_out: int, console: Console | None = None
) -> None:
    """Print a line for each caller's session: how long it lasted, its turns, how it ended.

    Args:
        callers: The newest.
        left_out: How many came before them.
        console: Where to.
    """
    title = "callers" + (f", without the first {left_out}" if left_out else "")
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for name in ("session", "labels"):
        table.add_column(name, overflow="fold")
    table.add_column("lasted", justify="right")
    for name in ("turns", "end"):
        table.add_column(name, overflow="fold")
    for each in callers:
        table.add_row(
            Text(in_one_line(each.session)),
            _shown(", ".join(f"{key}={value}" for key, value in each.labels.items())),
            f"{each.lasted_s:.0f} s",
            ", ".join(f"{count} {outcome}" for outcome, count in each.turns.items()) or "none",
            _shown(each.ended or "open"),
        )
    (console or Console()).print(table)


def _shown(text: str) -> Text:
    return Text(in_one_line(redact(text)))
