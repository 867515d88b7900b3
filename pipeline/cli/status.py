"""`greenroom status`."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipeline.cli.cost import cost_line
from pipeline.cli.running import find_runtime_dir, newest_status
from pipeline.frames import Status
from pipeline.frames.values import json_text


def status_command(pipeline: str | None, as_json: bool) -> None:
    """Print how a running pipeline is."""
    status = newest_status(find_runtime_dir(pipeline))
    if as_json:
        print(json_text(status.model_dump(mode="json")))  # noqa: T201
    else:
        _print_table(status)


def _print_table(status: Status) -> None:
    console = Console()
    ready = "ready" if status.ready else "not ready"
    owner = status.route.owner if status.route and status.route.owner else "nobody"
    console.print(
        f"{escape(status.pipeline)}: {ready}, up {status.uptime_s:.0f} s, {owner} answers"
    )
    outcomes = ", ".join(f"{count} {name}" for name, count in status.turns_closed.items())
    console.print(f"turns: {outcomes or 'none closed'}, {status.turns_open} open")
    if status.session_counts:
        counts = ", ".join(f"{count} {name}" for name, count in status.session_counts.items())
        console.print(f"sessions: {status.sessions} open, {counts}")
    if status.spending is not None:
        console.print(Text(cost_line(status.spending)))
    if status.unwritten:
        counts = ", ".join(f"{count} to {name}" for name, count in status.unwritten.items())
        console.print(f"lines that could not be written: {counts}")
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("actor", "phase", "state", "pid", "restarts", "memory, MiB", "last exit"):
        table.add_column(column)
    for each in status.actors:
        table.add_row(
            each.actor,
            each.phase,
            Text(
                (each.health.state.value if each.health else "-")
                + (f": {each.health.detail}" if each.health and each.health.detail else "")
            ),
            str(each.pid or "-"),
            str(each.restarts),
            f"{each.pss_mib:.1f}" if each.pss_mib is not None else "-",
            each.last_exit or "-",
        )
    console.print(table)
