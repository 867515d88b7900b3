"""When and how to connect again: decides, does nothing."""

from __future__ import annotations

import random as random_module
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from math import ceil

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.realtime.options import Reconnect
from pipeline.backoff import Backoff
from pipeline.frames import BackendState, FaultClass
from pipeline.turns.fault_policy import POLICIES, OfKey

JITTER = 0.5
"""Half of each wait is drawn at random: many clients do not come back at once."""
MOST_LOST_RESUMES = 2
"""Reported of sessions with a long instruction: whoever resumes is cut off, each time, and a fresh
session works. Without the handle the newest turns are told anew, which is all that it costs."""


class ConnectionHealth(Enum):
    """How the connection fared."""

    NEW = auto()
    READY = auto()
    FAILING = auto()


@dataclass(frozen=True)
class Decision:
    """What to do after a connection ended.

    Attributes:
        state: What to tell the pipeline.
        wait_s: Time until the next attempt; None: there is none.
        drop_handle: The handle is of no use any more.
        another_key: The fault was the key's, and there is another: nobody else needs to act.
    """

    state: BackendState
    wait_s: float | None
    drop_handle: bool = False
    another_key: bool = False


@dataclass
class ReconnectPolicy:
    """Counts failures. `left_out` are options that the service refused."""

    settings: Reconnect
    random: Callable[[], float] = random_module.random
    health: ConnectionHealth = ConnectionHealth.NEW
    failures: int = 0
    left_out: set[str] = field(default_factory=set)
    _last: FaultAction | None = None
    _lost_resumes: int = 0
    """Attempts with a handle in a row of which nothing came back."""

    def connected(self) -> None:
        """Setup was confirmed. What failed before is forgiven only once an answer came."""
        self.health = ConnectionHealth.READY
        self._lost_resumes = 0

    def proved(self) -> None:
        """The service answered a turn."""
        self.failures = 0
        self._last = None

    def ended(
        self, info: FaultInfo, *, with_handle: bool, key_in_s: float | None = None
    ) -> Decision:
        """Decide what to do about the end of a connection or a failed attempt at one.

        Args:
            info: What the vendor's fault table says.
            with_handle: The attempt was made with a handle.
            key_in_s: Time until there is a key to use, 0 if there is one; None: not known.
        """
        policy = POLICIES[info.fault]
        if policy.of_key is not OfKey.NOTHING and key_in_s == 0:
            return self._change_key()
        again = info.action is self._last
        self._last = info.action
        was_ready = self.health is ConnectionHealth.READY
        self.health = ConnectionHealth.FAILING
        self.failures += 1
        match info.action:
            case FaultAction.STOP:
                return self._stop()
            case FaultAction.COOL_DOWN:
                self.failures = 0
                rest_s = max(policy.cool_down_s or self.settings.max_s, info.retry_after_s or 0.0)
                if key_in_s is not None:
                    # The first of several keys to have rested.
                    rest_s = min(rest_s, float(ceil(key_in_s)))
                return Decision(BackendState.UNAVAILABLE, rest_s)
            case FaultAction.LEAVE_OUT:
                if info.option in self.left_out:
                    return self._stop()
                self.left_out.add(info.option)
                return Decision(BackendState.DEGRADED, 0.0)
            case FaultAction.FRESH_ONCE:
                return self._stop() if again else self._at_once(drop_handle=True)
            case FaultAction.FRESH:
                return self._back_off(True) if again else self._at_once(True)
        # Once, a connection is made again without delay: the user may be in mid-sentence.
        if self.failures == 1 and (was_ready or info.action is FaultAction.RESUME):
            return self._at_once()
        # A handle that the service answered with anything but a session is as good as none; so is
        # one with which it hangs up without a word, which may have been the network once.
        if not with_handle or was_ready:
            return self._back_off()
        if info.fault is not FaultClass.NETWORK:
            return self._back_off(drop_handle=True)
        self._lost_resumes += 1
        lost = self._lost_resumes == MOST_LOST_RESUMES
        return self._at_once(drop_handle=True) if lost else self._back_off()

    def _change_key(self) -> Decision:
        self.health = ConnectionHealth.FAILING
        self.failures = 0
        self._last = None
        return Decision(BackendState.DEGRADED, 0.0, another_key=True)

    def _stop(self) -> Decision:
        return Decision(BackendState.UNAVAILABLE, None, drop_handle=True)

    def _at_once(self, drop_handle: bool = False) -> Decision:
        if self.failures >= self.settings.attempts:
            # Faults of different kinds, one after the other.
            return self._back_off(drop_handle)
        return Decision(BackendState.DEGRADED, 0.0, drop_handle)

    def _back_off(self, drop_handle: bool = False) -> Decision:
        settings = self.settings
        if self.failures >= settings.attempts:
            return Decision(BackendState.UNAVAILABLE, settings.max_s, drop_handle)
        backoff = Backoff(settings.first_s, settings.max_s, JITTER)
        pause_s = backoff.wait_s(self.failures, self.random)
        return Decision(BackendState.DEGRADED, pause_s, drop_handle)
