"""The table of turns at the end of a run."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.cli.cost import cost_line
from pipeline.frames import Spending
from pipeline.logs import redact
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
            turn.turn,
            redact(turn.said.strip()),
            redact(turn.answer.strip()),
            turn.by,
            f"{first:.0f} ms" if first is not None else "-",
            f"{outcome}: {turn.reason}" if turn.reason else outcome,
        )
    console = console or Console()
    console.print(table)
    if spending is not None:
        console.print(cost_line(spending))
