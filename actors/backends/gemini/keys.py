"""Several projects, several keys: one whose quota is used up rests while the others serve.

No clock of its own. Quotas are counted for each model, so a key may rest for one and serve for
another; a key that is refused altogether serves for none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.gemini.cool_downs import CoolDown, CoolDowns
from actors.backends.gemini.places import Places
from actors.backends.gemini.server import Server
from pipeline.frames import FaultClass
from pipeline.turns.fault_policy import POLICIES, OfKey

FULL_LOOK_S = 5.0
"""Where all places are taken, until it is looked again: one is free when a conversation ends, of
which who has none of the shared database is not told."""
DIGEST_CHARACTERS = 12
"""Of a key's SHA-256: tells keys apart, and gives none away."""
FOR_GOOD_S = float("inf")
"""A key that was refused: somebody has to start the process with another one."""
FULL_ADVICE = (
    "Add a project (options.projects), have its limit raised, or wait until a conversation ends."
)


@dataclass(frozen=True)
class ServerKey:
    """A server and one of its keys, which is never shown."""

    server: Server
    key: str = field(repr=False)

    @property
    def digest(self) -> str:
        """What tells the key from others."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:DIGEST_CHARACTERS]


class KeyPool:
    """Gives the key to use; stays with one for as long as it works. Times in monotonic seconds.

    Args:
        servers: In the order in which they are asked.
        before: The pool of the servers as they were: that a server has another address changes
            nothing about the quotas of its keys, nor about places that sessions have.
    """

    def __init__(self, servers: Sequence[Server], before: KeyPool | None = None) -> None:
        self.servers = tuple(servers)
        self.keys = tuple(ServerKey(server, key) for server in servers for key in server.keys)
        self.cool_downs: CoolDowns = CoolDowns() if before is None else before.cool_downs
        limits = {each.project: each.live_sessions for each in servers}
        self.places: Places = Places(limits, None if before is None else before.places)
        self._digests = [each.digest for each in self.keys]
        self._current: dict[str, int] = {}

    def usable(self, model: str, now_s: float, session: str | None = None) -> ServerKey | None:
        """Return the key to use for a model; None if all rest, are refused or have no place.

        Args:
            model: That is asked.
            now_s: The time.
            session: That wants a place among those of the key's project; None: it needs none.
        """
        rested = self.rested(model, now_s)
        if session is not None and (held := self.places.of(session)) is not None:
            # Where it is, it goes on with what the service knows of it.
            rested.sort(key=lambda each: each.server.project != held)
        return next((each for each in rested if self._has_place(each, session)), None)

    def rested(self, model: str, now_s: float) -> list[ServerKey]:
        """Return the keys that may be used for a model, the best first, places aside."""
        first = self._current.get(model, 0)
        order = [(first + offset) % len(self.keys) for offset in range(len(self.keys))]
        rested = [index for index in order if self._rests_until_s(index, model) <= now_s]
        if rested:
            self._current[model] = rested[0]
        return [self.keys[index] for index in rested]

    def failed(
        self, which: ServerKey, model: str, info: FaultInfo, now_s: float
    ) -> CoolDown | None:
        """Take note of a failure, if it is the key's or its project's; return for how long."""
        cool_down = cool_down_after(which, model, info, now_s)
        if cool_down is not None:
            self.cool_downs.add(cool_down)
        return cool_down

    def exhausted(self, model: str, now_s: float, session: str | None = None) -> FaultInfo:
        """What is wrong when no key is usable for a model."""
        wait_s = self.wait_s(model, now_s, session)
        if wait_s is None:
            reason, advice = "every API key was refused", "Check GEMINI_API_KEY."
            return FaultInfo(FaultClass.AUTH, FaultAction.STOP, None, reason, advice)
        if any(self._is_full(index, model, now_s, session) for index in range(len(self.keys))):
            reason = f"all places for Live sessions are taken: {self.places}"
            return FaultInfo(
                FaultClass.CONCURRENCY, FaultAction.COOL_DOWN, None, reason, FULL_ADVICE, wait_s
            )
        reason = f"the quota of every API key is used up for {model}"
        return FaultInfo(FaultClass.QUOTA, FaultAction.COOL_DOWN, None, reason, "", wait_s)

    def wait_s(self, model: str, now_s: float, session: str | None = None) -> float | None:
        """Time until a key is usable for a model, 0 if one is; None: none will ever be.

        One without a place is looked at again in `FULL_LOOK_S`.
        """
        waits = []
        for index in range(len(self.keys)):
            rest_s = max(0.0, self._rests_until_s(index, model) - now_s)
            if not self._has_place(self.keys[index], session):
                rest_s = max(rest_s, FULL_LOOK_S)
            waits.append(rest_s)
        left_s = min(waits, default=FOR_GOOD_S)
        return None if left_s == FOR_GOOD_S else left_s

    def _rests_until_s(self, index: int, model: str) -> float:
        project = self.keys[index].server.project
        return self.cool_downs.until_s(project, self._digests[index], model)

    def _has_place(self, which: ServerKey, session: str | None) -> bool:
        return session is None or self.places.has_room(which.server.project, session)

    def _is_full(self, index: int, model: str, now_s: float, session: str | None) -> bool:
        """Whether nothing but the number of sessions keeps a key from being used."""
        project, digest = self.keys[index].server.project, self._digests[index]
        until_s = self.cool_downs.until_s(project, digest, model, but=FaultClass.CONCURRENCY)
        return until_s <= now_s and (
            not self._has_place(self.keys[index], session)
            or self._rests_until_s(index, model) > now_s
        )


def cool_down_after(which: ServerKey, model: str, info: FaultInfo, now_s: float) -> CoolDown | None:
    """Return what a failure keeps from being used, and for how long; None: nothing.

    The quotas of a project are those of all its keys (ai.google.dev, "Rate limits"). What has no
    name may be of several.
    """
    policy = POLICIES[info.fault]
    project = which.server.project
    of_all = "" if project else which.digest
    rest_s = policy.cool_down_s if info.retry_after_s is None else info.retry_after_s
    match policy.of_key:
        case OfKey.USED_UP:
            return CoolDown(project, of_all, model, info.fault, now_s + rest_s)
        case OfKey.FULL:
            return CoolDown(project, of_all, "", info.fault, now_s + rest_s)
        case OfKey.REFUSED:
            return CoolDown(project, which.digest, "", info.fault, FOR_GOOD_S)
    return None
