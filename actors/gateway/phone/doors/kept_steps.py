"""What is to become of calls, kept until their providers ask for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from actors.gateway.phone.doors.call_program import Step
from actors.gateway.phone.doors.provider_client import ProviderRefusedError

Name = TypeVar("Name", bound=Hashable)

LASTS_S = 120.0
"""A provider asks at once."""
MOST = 1_000


class KeptSteps(Generic[Name]):
    """Steps by a name.

    Args:
        clock: Seconds that do not go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Name, tuple[float, Sequence[Step]]] = {}

    def keep(self, name: Name, steps: Sequence[Step]) -> None:
        """Keep steps for two minutes.

        Raises:
            ProviderRefusedError: too many are kept.
        """
        now_s = self._clock()
        self._kept = {known: each for known, each in self._kept.items() if each[0] > now_s}
        if len(self._kept) >= MOST:
            raise ProviderRefusedError("too many calls are handed on at once: try again")
        self._kept[name] = (now_s + LASTS_S, steps)

    def get(self, name: Name) -> Sequence[Step] | None:
        """Return steps; None if there are none of this name."""
        until_s, steps = self._kept.get(name, (0.0, ()))
        return steps if self._clock() < until_s else None

    def take(self, name: Name) -> Sequence[Step] | None:
        """Return steps once."""
        steps = self.get(name)
        self._kept.pop(name, None)
        return steps
