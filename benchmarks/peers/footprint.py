"""Processor time and memory of a tree of processes while it listens."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import psutil

from benchmarks.memory import memory_mib
from benchmarks.peers.observation import Trial

BEFORE_END_S = 1.0
"""The look at the memory takes some milliseconds for each process, and is not to be in the way."""


class Footprint(NamedTuple):
    """For each session and minute; all together; and of a processor, by the process's name."""

    cpu_s_per_min: float
    memory_mib: float
    percents: dict[str, float]


def watch(trial: Trial, zero_ns: int, processes: Callable[[], list[psutil.Process]]) -> Footprint:
    """Look at processes from when they have settled until shortly before the last.

    Raises:
        psutil.NoSuchProcess: they ended before.
    """
    _sleep_until(zero_ns + trial.settle_s * 1e9)
    before_s, since_ns = _cpu_s(processes()), time.monotonic_ns()
    _sleep_until(zero_ns + (trial.seconds - BEFORE_END_S) * 1e9)
    used_s = _cpu_s(processes())
    used_s.subtract(before_s)
    minutes = (time.monotonic_ns() - since_ns) / 60e9
    memory = memory_mib(process.pid for process in processes())
    percents = {name: 100 * each / minutes / 60 for name, each in used_s.items()}
    per_minute = sum(used_s.values()) / minutes / trial.sessions
    return Footprint(per_minute, sum(memory.values()), percents)


def _cpu_s(processes: list[psutil.Process]) -> Counter[str]:
    used_s: Counter[str] = Counter()
    for process in processes:
        times = process.cpu_times()
        used_s[process.name()] += times.user + times.system
    return used_s


def _sleep_until(due_ns: float) -> None:
    time.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
