"""When and how to connect again: decides, does nothing."""

from __future__ import annotations

import random as random_module
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from actors.backends.gemini.faults import Action, Verdict
from actors.backends.gemini.live.options import Reconnect
from pipeline.backoff import Backoff
from pipeline.frames import BackendState, FaultClass
from pipeline.turns.fault_policy import POLICIES

JITTER = 0.5
"""Half of each wait is drawn at random: many clients do not come back at once."""


class Phase(Enum):
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
    """

    state: BackendState
    wait_s: float | None
    drop_handle: bool = False


@dataclass
class Dialler:
    """Counts failures. `left_out` are options that the service refused."""

    settings: Reconnect
    random: Callable[[], float] = random_module.random
    phase: Phase = Phase.NEW
    failures: int = 0
    left_out: set[str] = field(default_factory=set)
    _last: Action | None = None

    def connected(self) -> None:
        """Setup was confirmed. What failed before is forgiven only once an answer came."""
        self.phase = Phase.READY

    def proved(self) -> None:
        """The service answered a turn."""
        self.failures = 0
        self._last = None

    def ended(self, verdict: Verdict, *, with_handle: bool) -> Decision:
        """Decide what to do about the end of a connection or a failed attempt at one.

        Args:
            verdict: What the fault table says.
            with_handle: The attempt was made with a handle.
        """
        again = verdict.action is self._last
        self._last = verdict.action
        was_ready = self.phase is Phase.READY
        self.phase = Phase.FAILING
        self.failures += 1
        match verdict.action:
            case Action.STOP:
                return self._stop()
            case Action.COOL_DOWN:
                self.failures = 0
                rest_s = max(POLICIES[verdict.fault].cool_down_s, verdict.retry_after_s or 0.0)
                return Decision(BackendState.UNAVAILABLE, rest_s)
            case Action.LEAVE_OUT:
                if verdict.option in self.left_out:
                    return self._stop()
                self.left_out.add(verdict.option)
                return Decision(BackendState.DEGRADED, 0.0)
            case Action.FRESH_ONCE:
                return self._stop() if again else self._at_once(drop_handle=True)
            case Action.FRESH:
                return self._back_off(True) if again else self._at_once(True)
        # Once, a connection is made again without delay: the user may be in mid-sentence.
        if self.failures == 1 and (was_ready or verdict.action is Action.RESUME):
            return self._at_once()
        # A handle that the service answered with anything but a session is as good as none.
        refused = with_handle and not was_ready and verdict.fault is not FaultClass.NETWORK
        return self._back_off(drop_handle=refused)

    def _stop(self) -> Decision:
        return Decision(BackendState.UNAVAILABLE, None, drop_handle=True)

    def _at_once(self, drop_handle: bool = False) -> Decision:
        return Decision(BackendState.DEGRADED, 0.0, drop_handle)

    def _back_off(self, drop_handle: bool = False) -> Decision:
        settings = self.settings
        if self.failures >= settings.attempts:
            return Decision(BackendState.UNAVAILABLE, settings.max_s, drop_handle)
        backoff = Backoff(settings.first_s, settings.max_s, JITTER)
        pause_s = backoff.wait_s(self.failures, self.random)
        return Decision(BackendState.DEGRADED, pause_s, drop_handle)
