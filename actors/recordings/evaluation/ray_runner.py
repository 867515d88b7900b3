"""Runs cells on a cluster of Ray: each is a task, and its result comes back to this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.recordings.evaluation.cells import Cell
from actors.recordings.evaluation.observation import Observed
from actors.recordings.evaluation.ray_cell import Told, cell_on_node, sweep_node
from actors.recordings.evaluation.ray_recordings import SharedFiles
from actors.recordings.evaluation.runner import STOP_DEADLINE_S, Watcher
from actors.recordings.evaluation.shipment import pack
from actors.scale.identity import own_identity, package_root
from actors.scale.nodes import CELL, on_each_node, slots
from pipeline.end_signals import unless_ended
from pipeline.errors import GreenroomError

if TYPE_CHECKING:
    from types import ModuleType

TASK_OPTIONS: dict[str, Any] = {
    "num_returns": "streaming",
    # A pipeline keeps half a core busy, which the slots of a node are for.
    "num_cpus": 0.1,
    "resources": {CELL: 1},
    # Of nodes that are lost. An error of ours is a result.
    "max_retries": 3,
    "retry_exceptions": False,
    "scheduling_strategy": "SPREAD",
}
AHEAD = 2
"""Cells handed to the cluster for each slot that it has: none waits for us, and recordings that
are long from their turn are not in its memory."""
LOOK_AGAIN_S = 5.0
"""For nodes that came meanwhile: to start one takes as long."""


class RayRunner:
    """Runs cells where there is room, and again where a node was lost."""

    def __init__(self, ray: ModuleType, watcher: Watcher, keep: Path | None = None) -> None:
        """Make one.

        Args:
            ray: The module, connected.
            watcher: Hears of each cell.
            keep: Folder for a recording (MCAP) and the log of each cell, on this machine.
        """
        self._ray = ray
        self._watcher = watcher
        self._keep = keep
        self._files = SharedFiles(ray.put)
        self._task = ray.remote(**TASK_OPTIONS)(cell_on_node)
        self._own = own_identity()

    def run(self, cells: Sequence[Cell], jobs: int | None) -> bool:
        """Run the cells; return whether that was all, and not broken off by a signal.

        Args:
            cells: What to run.
            jobs: How many at a time at most; None: as many as the nodes have slots.

        Raises:
            GreenroomError: a node that joined meanwhile has another version.
        """

        async def run() -> bool:
            return await unless_ended(asyncio.ensure_future(self._all(iter(cells), jobs)))

        return asyncio.run(run())

    async def _all(self, waiting: Iterator[Cell], jobs: int | None) -> None:
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                # Nodes may have come or gone.
                for cell in islice(waiting, max(0, (jobs or self._room()) - len(running))):
                    running.add(asyncio.create_task(self._one(cell)))
                if not running:
                    return
                done, running = await asyncio.wait(
                    running, timeout=LOOK_AGAIN_S, return_when=asyncio.FIRST_COMPLETED
                )
                for each in done:
                    each.result()
        finally:
            for each in running:
                each.cancel()
            # Each first stops its pipeline, wherever that is.
            await asyncio.gather(*running, return_exceptions=True)
            await asyncio.to_thread(on_each_node, self._ray, sweep_node)

    def _room(self) -> int:
        return max(1, AHEAD * slots(self._ray))

    async def _one(self, cell: Cell) -> None:
        """Run a cell; whatever becomes of it, the watcher hears it once."""
        from ray.exceptions import RayError

        begun = False
        try:
            async for told in self._told(cell):
                if told["kind"] == "unfit":
                    raise GreenroomError(told["reason"])
                if not begun:
                    begun = True
                    self._watcher.begun(cell)
                self._heard(cell, told)
        except RayError as error:
            if not begun:
                self._watcher.begun(cell)
            self._watcher.failed(cell, lost(error))

    def _heard(self, cell: Cell, told: Told) -> None:
        match told["kind"]:
            case "failed":
                self._watcher.failed(cell, told["reason"])
            case "finished":
                self._watcher.finished(cell, Observed.model_validate(told["observed"]))
        if self._keep is not None:
            for name, content in told.get("files", {}).items():
                path = self._keep / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    async def _told(self, cell: Cell) -> AsyncIterator[Told]:
        noise = cell.background.noise
        with contextlib.ExitStack() as held:
            sound = self._files.take(cell.recording)
            held.callback(self._files.release, cell.recording)
            noise_file = None
            if noise is not None:
                noise_file = self._files.take(noise)
                held.callback(self._files.release, noise)
            stream = self._task.remote(
                pack(cell, package_root()), sound, noise_file, self._keep is not None, self._own
            )
            try:
                async for ref in stream:
                    yield await ref
            except asyncio.CancelledError:
                self._ray.cancel(stream)
                await self._ended(stream)
                raise

    async def _ended(self, stream: Any) -> None:
        """Wait until a cell that was cancelled has stopped its pipeline."""
        from ray.exceptions import RayError

        with contextlib.suppress(RayError, TimeoutError):
            async with asyncio.timeout(STOP_DEADLINE_S):
                async for ref in stream:
                    await ref


def lost(error: Exception) -> str:
    """Return why a cell was lost, as its node did not tell itself."""
    last = str(error).strip().splitlines()[-1:]
    return f"{type(error).__name__}: {last[0].strip() if last else 'nothing is known of it'}"
