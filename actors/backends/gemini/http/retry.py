"""Whether to ask again after a failure, and when: decides, does nothing."""

from __future__ import annotations

import json
import random as random_module
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from actors.backends.fault_info import FaultInfo
from pipeline.backoff import Backoff
from pipeline.frames import FaultClass
from pipeline.turns.fault_policy import POLICIES, OfKey

RETRY = Backoff(first_s=0.25, longest_s=2.0, jitter=0.5)
"""Somebody is waiting for the answer: the whole of three tries must fit into a second or so."""
DAY_REST_S = 3600.0
"""Quotas of a day are counted from midnight in California, whatever RetryInfo says; asking once an
hour finds that out soon enough."""


@dataclass
class Attempts:
    """Counts the tries of one request.

    Args:
        most: Tries in all, for what may be over a moment later.
    """

    most: int
    random: Callable[[], float] = random_module.random
    failures: int = 0

    def wait_s(self, info: FaultInfo, *, other_key: bool) -> float | None:
        """Return the wait before the next try; None: another try is of no use.

        Args:
            info: On the failure of the last try.
            other_key: There is a key that may serve.
        """
        policy = POLICIES[info.fault]
        if policy.of_key is not OfKey.NOTHING:
            return 0.0 if other_key else None
        self.failures += 1
        if not policy.asks_again or self.failures >= self.most:
            return None
        return RETRY.wait_s(self.failures, self.random)


def with_daily_quota(info: FaultInfo, details: Any) -> FaultInfo:
    """Return the info, with a longer rest if it is the quota of the day that is used up.

    Args:
        info: By the fault table.
        details: JSON of the error body, in which QuotaFailure names the quota.
    """
    if info.fault is not FaultClass.QUOTA or "PerDay" not in json.dumps(details, default=str):
        return info
    return replace(info, retry_after_s=max(DAY_REST_S, info.retry_after_s or 0.0))
