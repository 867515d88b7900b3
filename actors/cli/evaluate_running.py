"""Where the cells of an evaluation run: in processes of this machine, or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from actors.recordings.evaluation.cells import Cell
from actors.recordings.evaluation.runner import Watcher, run_cells
from actors.scale.place import RayPlace

Run = Callable[[Watcher], bool]
"""Runs the cells; returns whether that was all, and not broken off by a signal."""


@dataclass(frozen=True)
class Running:
    """How cells are run.

    Attributes:
        place: The cluster; None: this machine alone, without one.
        jobs: How many at a time; None: what there is room for.
        keep: Folder for a recording (MCAP) and log of each.
    """

    place: RayPlace | None
    jobs: int | None
    keep: Path | None

    @contextmanager
    def started(self, cells: Sequence[Cell]) -> Iterator[tuple[Run, str]]:
        """Yield what runs the cells, and where that is, in words.

        Raises:
            GreenroomError: the cluster cannot be used.
        """
        # A pipeline with the simulator keeps one core half busy.
        cores = len(os.sched_getaffinity(0))
        if self.place is None or not cells:
            jobs = self.jobs or cores
            yield partial(run_cells, cells, jobs, keep=self.keep), f"{jobs} at a time"
            return
        from actors.recordings.evaluation.ray_runner import RayRunner
        from actors.scale.cluster import connected
        from actors.scale.nodes import CELL, require_same, require_slots

        with connected(self.place, {CELL: self.jobs or cores}) as ray:
            found = require_slots(ray)
            nodes = len(require_same(ray))

            def run(watcher: Watcher) -> bool:
                return RayRunner(ray, watcher, self.keep).run(cells, self.jobs)

            where = f"{nodes} node{'' if nodes == 1 else 's'} of Ray"
            yield run, f"{min(found, self.jobs or found)} at a time on {where}"
