"""Processor time and memory of a tree of processes while it listens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import psutil

from benchmarks.memory import memory_mib
from benchmarks.peers.observation import SETTLE_S, Trial
from benchmarks.processes import processor_s

BEFORE_END_S = 1.0
"""The look at the memory takes some milliseconds for each process, and is not to be in the way."""


class Footprint(NamedTuple):
    """For each session and minute; and all together."""

    cpu_s_per_min: float
    memory_mib: float


def watch(trial: Trial, zero_ns: int, processes: Callable[[], list[psutil.Process]]) -> Footprint:
    """Look at processes from `SETTLE_S` after the first sample until shortly before the last.

    Raises:
        psutil.NoSuchProcess: they ended before.
    """
    _sleep_until(zero_ns + SETTLE_S * 1e9)
    before_s, since_ns = _cpu_s(processes()), time.monotonic_ns()
    _sleep_until(zero_ns + (trial.seconds - BEFORE_END_S) * 1e9)
    used_s = _cpu_s(processes()) - before_s
    minutes = (time.monotonic_ns() - since_ns) / 60e9
    memory = memory_mib(process.pid for process in processes())
    return Footprint(used_s / minutes / trial.sessions, sum(memory.values()))


def _cpu_s(processes: list[psutil.Process]) -> float:
    return sum(map(processor_s, processes))


def _sleep_until(due_ns: float) -> None:
    time.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
