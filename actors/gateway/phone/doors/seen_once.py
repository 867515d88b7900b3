"""What a request has only once: one that was heard on the way is not taken a second time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Generic, TypeVar

from actors.gateway.access.denial import AccessDeniedError, Denial

REMEMBERED_S = 660.0
"""Longer than signatures are taken for, five minutes either way of our clock."""
ASKED_AGAIN_S = 15.0
"""A provider that got no answer asks again, with the same request; so long Twilio waits for one."""
MOST = 50_000
"""Requests remembered: 75 a second; 8 MB."""
Answer = TypeVar("Answer")


class SeenOnce(Generic[Answer]):
    """Remembers requests, and what they were answered.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[bytes, tuple[float, Answer | None]] = {}

    def use(self, provider: str, once: str) -> None:
        """Let something be used.

        Raises:
            AccessDeniedError: it was.
        """
        if not once:
            return
        key, now_s = _key(provider, once), self._clock()
        if key in self._seen and now_s - self._seen[key][0] < REMEMBERED_S:
            raise AccessDeniedError(
                Denial.SIGNATURE_USED, "this very request was made before: it is not taken again"
            )
        self._remember(key, now_s, None)

    def answered(self, provider: str, request: str) -> Answer | None:
        """Return what a request was answered just now; None if it was not."""
        seen = self._seen.get(_key(provider, request))
        return seen[1] if seen is not None and self._clock() - seen[0] < ASKED_AGAIN_S else None

    def note_answer(self, provider: str, request: str, answer: Answer) -> None:
        """Remember what a request was answered."""
        self._remember(_key(provider, request), self._clock(), answer)

    def _remember(self, key: bytes, now_s: float, answer: Answer | None) -> None:
        self._seen.pop(key, None)
        self._seen[key] = (now_s, answer)
        # In the order of time: the oldest goes first.
        while len(self._seen) > MOST or now_s - next(iter(self._seen.values()))[0] > REMEMBERED_S:
            del self._seen[next(iter(self._seen))]


def _key(provider: str, once: str) -> bytes:
    return hashlib.sha256(f"{provider}\0{once}".encode("utf-8", "surrogatepass")).digest()
