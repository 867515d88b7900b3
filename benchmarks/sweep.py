"""`greenroom evaluate` on one machine and on Ray: `python -m benchmarks.sweep`, as root.

On one machine, on Ray there, on three nodes, with a node killed, with Control-C: whether the scores
are equal, whether anything ran twice, and what is left.
"""

from __future__ import annotations

import csv
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console

from actors.recordings.evaluation.runner import FOLDER
from actors.scale.nodes import CELL
from benchmarks.figures import table_of
from benchmarks.namespace import in_own_network, in_this_network
from benchmarks.ray_nodes import Nodes, nodes
from benchmarks.sound import ROOT

RECORDINGS = ("cards-001", "cards-003", "goforward")
VARIANTS = ("silero", "energy:actors.vad.options.engine=energy")
CELLS = len(RECORDINGS) * len(VARIANTS)
SCORES = ("turns_found", "missed", "false", "cut", "joined", "not_ended", "word_error_rate")
"""Columns that are the same whenever the same sound meets the same pipeline in time."""
GONE_S = 3.0
"""In which nothing may be left after Control-C: the limit of the design."""
PATIENCE_S = 20.0
"""To see how long it did take."""
MARK = "GREENROOM_SWEEP"
"""Environment of everything that a run starts."""
FINISHED = re.compile(r"^\d+/\d+ (.*): \d+ turns?$")
INTERRUPTED = 130
"""Exit status."""

Rows = dict[tuple[str, str], tuple[str, ...]]


@dataclass
class Outcome:
    """One run of the command, or two where the first was broken off.

    Attributes:
        seconds: All of it.
        finished: Cells, as the command said them.
        scores: By recording and variant.
        gone_s: After its end, until no process of it was there; None: some still are.
        folders: Temporary folders of cells that are left.
        problems: Other faults.
    """

    seconds: float = 0.0
    finished: list[str] = field(default_factory=list)
    scores: Rows = field(default_factory=dict)
    gone_s: float | None = 0.0
    folders: int = 0
    problems: list[str] = field(default_factory=list)

    def faults(self, first: Outcome) -> list[str]:
        """Return what is wrong with it beside the first one."""
        found = list(self.problems)
        if self.scores != first.scores:
            found.append("other scores")
        if sorted(self.finished) != sorted(set(self.finished)) or len(self.finished) != CELLS:
            found.append(f"{len(self.finished)} results of {CELLS} cells")
        if self.gone_s is None or self.gone_s > GONE_S:
            found.append("processes left")
        if self.folders:
            found.append("folders left")
        return found


class Sweeps:
    """Runs the command in a folder of its own, and looks at what it leaves."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(
        self,
        name: str,
        *options: str,
        meanwhile: Callable[[subprocess.Popen[str]], None] | None = None,
        again: bool = False,
    ) -> Outcome:
        """Run it; `meanwhile` once the first cell is finished, and then, if `again`, once more."""
        outcome = Outcome()
        base = self._folder / name
        base.mkdir()
        mark = secrets.token_hex(8)
        began = time.monotonic()
        status = self._once(base, options, mark, meanwhile, outcome)
        outcome.gone_s = gone_s(mark)
        if again:
            if status != INTERRUPTED:
                outcome.problems.append(f"exit status {status} after Control-C")
            status = self._once(base, options, mark, None, outcome)
        if status:
            outcome.problems.append(f"exit status {status}")
        outcome.seconds = time.monotonic() - began
        outcome.scores = scores(base / "evaluation.csv")
        outcome.folders = len(list(Path(tempfile.gettempdir()).glob(f"{FOLDER}*")))
        return outcome

    def _once(
        self,
        base: Path,
        options: tuple[str, ...],
        mark: str,
        meanwhile: Callable[[subprocess.Popen[str]], None] | None,
        outcome: Outcome,
    ) -> int:
        sound = [str(ROOT / "tests" / "speech" / f"{each}.wav") for each in RECORDINGS]
        variants = [word for each in VARIANTS for word in ("--variant", each)]
        process = subprocess.Popen(
            [sys.executable, "-m", "actors.cli", "evaluate", *sound, *variants, *options],
            cwd=base,
            env={**os.environ, "GEMINI_API_KEY": "", "GOOGLE_API_KEY": "", MARK: mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                sys.stderr.write(f"  {line}")
                if found := FINISHED.match(line):
                    outcome.finished.append(found[1])
                    if meanwhile is not None:
                        meanwhile(process)
                        meanwhile = None
        return process.wait()


def left(mark: str) -> list[psutil.Process]:
    """Return what is there of a run: what the command started, and cells on any node."""
    found = []
    for process in in_this_network():
        try:
            ours = "cell_process" in " ".join(process.cmdline()) or process.name().startswith("gr:")
            if ours or process.environ().get(MARK) == mark:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def gone_s(mark: str) -> float | None:
    """Return how long it takes until nothing of a run is there; None: something stays."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        if not left(mark):
            return time.monotonic() - began
        time.sleep(0.05)
    return None


def scores(path: Path) -> Rows:
    """Return the scores of each cell."""
    with path.open(newline="", encoding="utf-8") as file:
        return {
            (row["recording"], row["variant"]): tuple(row[each] for each in SCORES)
            for row in csv.DictReader(file)
        }


def outcomes(folder: Path) -> Iterator[tuple[str, Outcome]]:
    """Yield each way of running it, and what came of it."""
    sweeps = Sweeps(folder)
    yield "one machine, without Ray", sweeps.run("plain", "--jobs", "2")
    yield "one machine, Ray started for it", sweeps.run("local", "--on", "ray")
    with started() as cluster:
        place = ("--on", f"ray:{cluster.address}")
        yield "three nodes", sweeps.run("nodes", *place)

        def interrupt(process: subprocess.Popen[str]) -> None:
            process.send_signal(signal.SIGINT)

        yield (
            "three nodes, Control-C after the first cell, then the same command",
            sweeps.run("interrupted", *place, meanwhile=interrupt, again=True),
        )

        def pull_plug(_process: subprocess.Popen[str]) -> None:
            cluster.kill(cluster.working("cell_process"))

        yield (
            "three nodes, one of them killed while it ran a cell",
            sweeps.run("killed", *place, meanwhile=pull_plug),
        )


@contextmanager
def started() -> Iterator[Nodes]:
    """Start three nodes of one slot each."""
    with (
        tempfile.TemporaryDirectory(prefix="grb-", ignore_cleanup_errors=True) as folder,
        nodes(3, {CELL: 1}, Path(folder)) as cluster,
    ):
        yield cluster


def main() -> int:
    """Print the table; return 1 if scores differ, a cell ran twice, or something is left."""
    in_own_network("benchmarks.sweep")
    columns = ("s", "cells finished", "processes gone, s", "folders left", "scores and faults")
    table = table_of("where", *columns)
    first: Outcome | None = None
    wrong = False
    with tempfile.TemporaryDirectory(prefix="grb-") as folder:
        for name, outcome in outcomes(Path(folder)):
            first = first or outcome
            faults = outcome.faults(first)
            wrong |= bool(faults)
            table.add_row(
                name,
                f"{outcome.seconds:.1f}",
                str(len(outcome.finished)),
                "-" if outcome.gone_s is None else f"{outcome.gone_s:.2f}",
                str(outcome.folders),
                ", ".join(faults) or "equal",
            )
    Console(width=150).print(table)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
