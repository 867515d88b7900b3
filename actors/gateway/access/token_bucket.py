"""So much a second, and so much at once."""

from __future__ import annotations

from dataclasses import dataclass

MOST_KEYS = 20_000
"""Buckets kept: addresses that called within the last minutes; 4 MB."""


@dataclass(frozen=True)
class Rate:
    """How much is allowed.

    Attributes:
        per_s: In the long run.
        burst: At once, after a rest.
    """

    per_s: float
    burst: float


class TokenBucket:
    """Fills with time up to its burst, and is emptied by use.

    Args:
        rate: How much is allowed.
        now_s: Any clock that does not go back.
    """

    __slots__ = ("_level", "_rate", "_seen_s")

    def __init__(self, rate: Rate, now_s: float) -> None:
        self._rate = rate
        self._level = rate.burst
        self._seen_s = now_s

    def take(self, amount: float, now_s: float) -> float:
        """Take what is wanted, a burst at most, if it is there; return 0, or in how many seconds it
        will be."""
        self._fill(now_s)
        amount = min(amount, self._rate.burst)
        if self._level >= amount:
            self._level -= amount
            return 0.0
        return (amount - self._level) / self._rate.per_s

    def spend(self, amount: float, now_s: float) -> float:
        """Take it, though it leads into debt, of a burst at most; return in how many seconds the
        debt is paid."""
        self._fill(now_s)
        level = self._level = self._level - amount
        if level >= 0.0:
            return 0.0
        level = self._level = max(-self._rate.burst, level)
        return -level / self._rate.per_s

    def is_full(self, now_s: float) -> bool:
        """Whether it is as if it had never been used."""
        self._fill(now_s)
        return self._level >= self._rate.burst

    def _fill(self, now_s: float) -> None:
        passed_s = now_s - self._seen_s
        if passed_s > 0.0:
            self._seen_s = now_s
            self._level = min(self._rate.burst, self._level + passed_s * self._rate.per_s)


class BucketTable:
    """A bucket for each name, forgotten when it is full.

    Args:
        rate: Of each.
        most: Names that are kept; beyond, those that were used first are forgotten.
    """

    def __init__(self, rate: Rate, most: int = MOST_KEYS) -> None:
        self._rate = rate
        self._most = most
        self._buckets: dict[str, TokenBucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, name: str, now_s: float) -> float:
        """Take one of a name; return 0, or in how many seconds there will be one."""
        bucket = self._buckets.get(name)
        if bucket is None:
            self._make_room(now_s)
            bucket = self._buckets[name] = TokenBucket(self._rate, now_s)
        return bucket.take(1.0, now_s)

    def _make_room(self, now_s: float) -> None:
        if len(self._buckets) < self._most:
            return
        for each in [name for name, it in self._buckets.items() if it.is_full(now_s)]:
            del self._buckets[each]
        while len(self._buckets) >= self._most:
            del self._buckets[next(iter(self._buckets))]
