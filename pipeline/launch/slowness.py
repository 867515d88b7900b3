"""How slow this machine is: what deadlines grow with. Measured at the start, in 3 ms."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

USUAL_LOADING_S = 1.5
"""To read a config and import its actors: five times what it takes on the machine of
benchmarks/README.md with files in the disk cache (0.3 s), about what a Raspberry Pi 4 takes."""
USUAL_SAMPLE_S = 0.002
"""Of `_work`: four times what it takes there (0.5 ms), about what it takes a Raspberry Pi 4."""
USUAL_PRODUCT_S = 0.00035
"""Of the product of two matrices, 1.8 million floating-point operations. A Raspberry Pi 4 makes at
most 12 in a nanosecond (a Cortex-A72 at 1.5 GHz, four lanes, multiply and add), and has to reach
less than half of that. The machine of benchmarks/README.md takes 10 us."""
SIDE = 96
"""Of the matrices; three of them fit into the cache nearest to the smallest processors."""
SAMPLES = 3
"""The fastest counts: others may have had the processor's caches meanwhile."""
MOST = 60.0
"""Who was stopped while it loaded would otherwise wait for hours. An emulated processor is 5 times
slower than a Raspberry Pi 4, a worn-out SD card 20 times slower than a disk cache."""


class Slowness(NamedTuple):
    """How many times longer than usual things take here; 1 on a usual machine or a faster one.

    Attributes:
        start: What reads from the disk: the start of an actor.
        processor: What only computes: Python.
        models: What computes with numbers in vectors, as models of speech do. An emulated processor
            takes 13 times longer than the real one for Python, and 400 times for those.
    """

    start: float = 1.0
    processor: float = 1.0
    models: float = 1.0


USUAL = Slowness()


def slowness(loading_s: float, processor: float, models: float = 1.0) -> Slowness:
    """Return how slow a machine is.

    Args:
        loading_s: What it took to read the config and import its actors.
        processor: How many times longer than usual its processor takes.
        models: How many times longer models take on it.
    """
    start = max(processor, _factor(loading_s / USUAL_LOADING_S))
    return Slowness(start, processor, max(processor, models))


def processor_slowness() -> float:
    """Return how many times longer than usual the processor of this machine takes; at least 1."""
    return of_sample(min(_sample_s() for _ in range(SAMPLES)))


def model_slowness() -> float:
    """Return how many times longer than usual models take on this machine; at least 1.

    Imports numpy: what is to be said to it in the environment must have been said.
    """
    import numpy as np

    factor = np.full((SIDE, SIDE), 0.5, np.float32)
    # An emulated processor raises flags of its own.
    with np.errstate(all="ignore"):
        taken_s = min(_taken_s(lambda: factor @ factor) for _ in range(SAMPLES))
    return _factor(taken_s / USUAL_PRODUCT_S)


def of_sample(sample_s: float) -> float:
    """Return the same of one that took so long, in processor time, for a sample of work."""
    return _factor(sample_s / USUAL_SAMPLE_S)


def _factor(of_usual: float) -> float:
    return min(MOST, max(1.0, of_usual))


def _sample_s() -> float:
    return _taken_s(_work)


def _taken_s(work: Callable[[], object]) -> float:
    begun_s = time.thread_time()
    work()
    return time.thread_time() - begun_s


def _work() -> None:
    """Do a little of what Python does most: make small objects and put them into a dictionary."""
    kept: dict[int, tuple[int, str]] = {}
    for number in range(4000):
        kept[number & 255] = (number, str(number))
