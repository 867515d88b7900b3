"""What a room has at a moment: memory, descriptors, threads, tasks, objects, rows."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.counted_actors import OBJECTS, TASKS
from benchmarks.crowd import gauge, room_parts_mib
from benchmarks.memory import pss_mib
from benchmarks.processes import actor_of
from pipeline.testing import RunningPipeline

DATABASE = "callers.sqlite3"
COUNTED = ("gateway", "live", "http")
"""Actors that count their tasks and objects."""


@dataclass
class Look:
    """What the room has, with no call on any line.

    Attributes:
        pss_mib: By process, as the kernel counts it.
        room_mib: Of all together, files that they map counted once.
        descriptors: By process.
        threads: By process.
        tasks: By process.
        objects: By process.
        rows: By table of the database, and of the stores in the state folder.
        minutes: Since calls began to come.
        calls: That came so far.
        latency_ms: Median of the part before it, from a last word to the first sound.
    """

    pss_mib: dict[str, float]
    room_mib: float
    descriptors: dict[str, int]
    threads: dict[str, int]
    tasks: dict[str, int]
    objects: dict[str, int]
    rows: dict[str, int]
    minutes: float = 0.0
    calls: int = 0
    latency_ms: float = 0.0


def look(pipeline: RunningPipeline, folder: Path) -> Look:
    """Count what the room has."""
    processes = pipeline.processes()
    names = {each.pid: actor_of(each) for each in processes}
    # One that is starved of the processor does not answer a question in its time.
    status = pipeline.until(lambda _: True, "a status")
    return Look(
        pss_mib={names[pid]: mib for pid, mib in pss_mib(names).items()},
        room_mib=sum(room_parts_mib(pipeline).values()),
        descriptors={names[each.pid]: each.num_fds() for each in processes},
        threads={names[each.pid]: each.num_threads() for each in processes},
        tasks={name: round(gauge(status, name, TASKS)) for name in COUNTED},
        objects={name: round(gauge(status, name, OBJECTS)) for name in COUNTED},
        rows=_rows([folder / DATABASE, *(folder / "state").rglob("*.sqlite*")]),
    )


def counters_of(pipeline: RunningPipeline) -> Iterator[tuple[str, int]]:
    """What each actor counted of what went wrong."""
    for each in pipeline.status().actors:
        if each.restarts:
            yield f"{each.actor} restarts", each.restarts
        for name, count in (each.health.counters if each.health else {}).items():
            if re.search(r"lost|drop|fail|late|refused|error|problem|expired", name):
                yield f"{each.actor} {name}", count


def _rows(files: list[Path]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for file in files:
        if file.suffix in (".sqlite3", ".sqlite"):
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
                tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                for (table,) in tables.fetchall():
                    (count,) = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()
                    rows[f"{file.stem}.{table}"] = count
    return rows
