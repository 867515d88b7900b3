"""Several API keys: one whose quota is used up rests while the others serve. No clock of its own.

Quotas are counted for each model, so a key may rest for one and serve for another; a key that is
refused altogether serves for none.
"""

from __future__ import annotations

from collections.abc import Sequence

from actors.backends.fault_info import FaultAction, FaultInfo
from pipeline.frames import FaultClass
from pipeline.turns.fault_policy import POLICIES, OfKey


class KeyPool:
    """Gives the key to use; stays with one for as long as it works. Times in monotonic seconds."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        self._current: dict[str, int] = {}
        self._resting: dict[tuple[str, str], float] = {}
        self._refused: set[str] = set()

    def usable(self, model: str, now_s: float) -> str | None:
        """The key to use for a model; None if all rest or are refused."""
        first = self._current.get(model, 0)
        for offset in range(len(self.keys)):
            index = (first + offset) % len(self.keys)
            key = self.keys[index]
            if key not in self._refused and self._resting.get((key, model), 0.0) <= now_s:
                self._current[model] = index
                return key
        return None

    def failed(self, key: str, model: str, info: FaultInfo, now_s: float) -> None:
        """Take note of a failure, if it is the key's."""
        policy = POLICIES[info.fault]
        if policy.of_key is OfKey.REFUSED:
            self._refused.add(key)
        elif policy.of_key is OfKey.USED_UP:
            asked_for_s = info.retry_after_s
            rest_s = policy.cool_down_s if asked_for_s is None else asked_for_s
            self._resting[key, model] = now_s + rest_s

    def exhausted(self, model: str, now_s: float) -> FaultInfo:
        """What is wrong when no key is usable for a model."""
        wait_s = self.wait_s(model, now_s)
        if wait_s is None:
            reason, advice = "every API key was refused", "Check GEMINI_API_KEY."
            return FaultInfo(FaultClass.AUTH, FaultAction.STOP, None, reason, advice)
        reason = f"the quota of every API key is used up for {model}"
        return FaultInfo(FaultClass.QUOTA, FaultAction.COOL_DOWN, None, reason, "", wait_s)

    def wait_s(self, model: str, now_s: float) -> float | None:
        """Time until a key is usable for a model, 0 if one is; None: none will ever be."""
        left = [self._resting.get((k, model), 0.0) for k in self.keys if k not in self._refused]
        return max(0.0, min(left) - now_s) if left else None
