"""A network that delays, loses and turns round messages, always the same way by a seed."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from actors.cli.calling.provider_words import Words
from pipeline.errors import ConfigError

LATE_S = 0.05
"""How much later a message comes that others overtake: two or three blocks."""


@dataclass(frozen=True)
class Weather:
    """How bad it is.

    Attributes:
        jitter_ms: Messages come up to so much later; in order all the same.
        loss: Part of the sound that never comes.
        reorder: Part of the sound that others overtake.
        seed: Of the chances.
    """

    jitter_ms: float = 0.0
    loss: float = 0.0
    reorder: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            ConfigError: there are no such networks.
        """
        if not 0 <= self.jitter_ms <= 10_000:
            raise ConfigError(f"jitter of {self.jitter_ms:g} ms: write 0 to 10000")
        for name, part in (("loss", self.loss), ("reorder", self.reorder)):
            if not 0 <= part < 1:
                raise ConfigError(f"{name} of {part:g}: write a part, such as 0.02 for 2 %")


class BadNetwork:
    """One direction of a connection.

    Args:
        weather: How bad it is.
        direction: Gives each of two directions chances of its own.
    """

    def __init__(self, weather: Weather, direction: str) -> None:
        self._weather = weather
        self._chance = random.Random(f"{weather.seed} {direction}")
        self._under_way: list[tuple[float, int, Words]] = []
        self._numbers = count()
        self._newest_s = 0.0

    def loses(self) -> bool:
        """Whether the next piece of sound is lost."""
        return self._chance.random() < self._weather.loss

    def send(self, messages: Iterable[Words], now_s: float, *, sound: bool = False) -> None:
        """Send messages; only sound is overtaken by others."""
        for message in messages:
            jitter_s = self._chance.random() * self._weather.jitter_ms / 1000
            due_s = max(self._newest_s, now_s + jitter_s)
            if sound and self._chance.random() < self._weather.reorder:
                due_s += LATE_S
            else:
                self._newest_s = due_s
            heapq.heappush(self._under_way, (due_s, next(self._numbers), message))

    def due(self, now_s: float) -> list[Words]:
        """Return what has arrived."""
        arrived: list[Words] = []
        while self._under_way and self._under_way[0][0] <= now_s:
            arrived.append(heapq.heappop(self._under_way)[2])
        return arrived

    def next_s(self) -> float | None:
        """When the next message arrives; None: none is under way."""
        return self._under_way[0][0] if self._under_way else None
