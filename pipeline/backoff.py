"""Exponential back-off: how long to wait before the next attempt. Pure: no clock, no sleep."""

from __future__ import annotations

import random as random_module
from collections.abc import Callable
from dataclasses import dataclass

MOST_DOUBLINGS = 40
"""2**40 times any first wait is beyond any longest one; the cap keeps the power a small number."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """The wait doubles with each failure in a row, up to a longest one.

    Attributes:
        first_s: Wait after the first failure, in seconds, before the jitter.
        longest_s: The longest wait, in seconds.
        jitter: Share of each wait that is drawn at random, from 0 to 1: clients that lost the same
            server at once do not come back at once.
    """

    first_s: float
    longest_s: float
    jitter: float = 0.0

    def wait_s(self, failures: int, random: Callable[[], float] = random_module.random) -> float:
        """Return the wait after so many failures in a row, in seconds.

        Args:
            failures: Failures in a row, from 1.
            random: Gives a number from 0 up to 1.
        """
        doublings = min(max(failures - 1, 0), MOST_DOUBLINGS)
        full_s = min(self.longest_s, self.first_s * 2.0**doublings)
        return full_s * (1.0 - self.jitter + self.jitter * random()) if self.jitter else full_s

    def after(self, waited_s: float) -> float:
        """Return the wait that follows one of `waited_s` seconds; 0 is none so far. No jitter."""
        return min(max(waited_s * 2.0, self.first_s), self.longest_s)
