"""Processes of a pipeline: whose each is, and what it has used."""

from __future__ import annotations

import psutil


def actor_of(process: psutil.Process) -> str:
    """Return the actor that runs in a process; of the supervisor the name of its command."""
    return process.name().removeprefix("gr:")


def processor_s(process: psutil.Process) -> float:
    """Return the processor time of a process so far."""
    times = process.cpu_times()
    return times.user + times.system
