"""Run the benchmarks and print a table: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import importlib
import platform
import sys
import tempfile
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure

NAMES = ("startup", "uplink", "downlink", "barge_in", "restart", "stall", "footprint")


def main() -> int:
    """Run those named, or all; return 1 if a limit does not hold."""
    figures: list[Figure] = []
    for name in sys.argv[1:] or NAMES:
        print(f"{name} ...", flush=True)
        with tempfile.TemporaryDirectory(prefix="gr-") as folder:
            figures += importlib.import_module(f"benchmarks.{name}").measure(Path(folder))
    _print(figures)
    return 0 if all(figure.holds for figure in figures) else 1


def _print(figures: list[Figure]) -> None:
    table = Table(box=box.SIMPLE_HEAD, title=f"{platform.machine()}, {platform.python_version()}")
    for column in ("what", "unit", "n", "min", "p50", "p99", "max", "limits", "holds", "note"):
        table.add_column(column, justify="left" if column in ("what", "note") else "right")
    for figure in figures:
        limits = [
            f"{name} {limit:g}"
            for name, limit in (("p50", figure.p50_limit), ("p99", figure.p99_limit))
            if limit is not None
        ]
        table.add_row(
            figure.name,
            figure.unit,
            str(len(figure.values)),
            *(
                f"{value:.2f}"
                for value in (min(figure.values), figure.p50, figure.p99, max(figure.values))
            ),
            ", ".join(limits) or "-",
            "yes" if figure.holds else "NO",
            figure.note,
        )
    Console(width=160).print(table)


if __name__ == "__main__":
    sys.exit(main())
