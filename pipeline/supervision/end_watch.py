"""After the sources have ended: whether anything more is coming of what they gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pipeline.launch.process_work import WorkDone, work_of
from pipeline.launch.start_progress import is_progress

if TYPE_CHECKING:
    from pipeline.config.graph import Graph

QUIET_S = 0.75
"""Without a frame for so long, nothing more is coming. Longer than the silence that ends a turn
(0.6 s)."""
SETTLED_S = 0.15
"""Into the quiet: who sent the last frame has slept since then, if it had no more to do."""
LONGEST_S = 60.0
"""Somebody may compute for ever. Twice the longest turn of `vad`, which an emulated processor hears
at half its pace."""


def on_the_way(graph: Graph) -> set[str]:
    """Return the actors that make turns of what the sources give, a stage behind another.

    Not the backends: what they do before a turn is closed is waited for by its name.
    """
    found: set[str] = set()
    waiting = [node.name for node in graph.nodes.values() if node.actor_class.is_source]
    sources = {*waiting, *graph.config.route.backends}
    while waiting:
        for consumers in graph.consumers(waiting.pop()).values():
            following = {*consumers} - found - sources
            found |= following
            waiting += following
    return found


class EndWatch:
    """Waits for quiet: no frame, and nobody at work who may still send one.

    Args:
        pids: Processes of those who may.
        work: What a process has done so far.
    """

    def __init__(
        self,
        pids: Callable[[], Mapping[str, int]],
        work: Callable[[int], WorkDone | None] = work_of,
    ) -> None:
        self._pids = pids
        self._work = work
        self._frame_s = self._quiet_s = 0.0
        self._before: dict[int, WorkDone] = {}
        self._looked_s: float | None = None

    def on_frame(self, now_s: float) -> None:
        """There is news, or nobody could have heard of any."""
        self._frame_s = self._quiet_s = now_s
        self._looked_s = None

    def is_quiet(self, now_s: float) -> bool:
        """Return whether nothing more is coming; ask from time to time."""
        quiet_s = now_s - self._quiet_s
        if self._looked_s is None:
            if quiet_s >= SETTLED_S:
                self._before, self._looked_s = self._look(), now_s
            return False
        if quiet_s <= QUIET_S:
            return False
        if now_s - self._frame_s < LONGEST_S and self._is_at_work(now_s - self._looked_s):
            self._quiet_s, self._looked_s = now_s, None
            return False
        return True

    def _is_at_work(self, within_s: float) -> bool:
        now = self._look()
        return any(
            is_progress(before, now[pid], within_s)
            for pid, before in self._before.items()
            if pid in now
        )

    def _look(self) -> dict[int, WorkDone]:
        looked = {pid: self._work(pid) for pid in self._pids().values()}
        return {pid: work for pid, work in looked.items() if work is not None}
