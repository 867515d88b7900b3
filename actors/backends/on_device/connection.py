"""What is known of the backends that need a network, in words for the person who asks."""

from __future__ import annotations

from dataclasses import dataclass

from actors.lib.languages.line import Line, joined, line
from actors.lib.languages.phrases import Phrases
from pipeline.frames import BackendState, BackendStatus, Fault, FaultClass
from pipeline.turns.fault_policy import POLICIES

NO_CONNECTION = "no_connection"
"""Key of `Phrases.reasons`, beside the classes of faults."""
UNITS_S = ((55, (1, "second")), (55 * 60, (60, "minute")))
"""Up to how many seconds a duration is said in which unit."""


@dataclass(frozen=True)
class Outlook:
    """How it stands with the other backends.

    Attributes:
        reason: Why they do not answer, as a key of `Phrases.reasons`; empty if one of them is
            ready.
        retry_in_s: When the connection is tried again; None if that is not known.
    """

    reason: str = ""
    retry_in_s: float | None = None

    def explained(self, phrases: Phrases) -> Line:
        """The answer to "what is wrong"."""
        if not self.reason:
            return phrases.say("fine")
        alone = phrases.say("alone", reason=self._why(phrases))
        if not self.retry_in_s:
            return alone
        return joined(alone, phrases.say("again", wait=about(self.retry_in_s, phrases)))

    def cannot(self, phrases: Phrases) -> Line:
        """What is said to a question that only the others could answer."""
        return phrases.say("cannot", reason=self._why(phrases))

    def _why(self, phrases: Phrases) -> Line:
        return line(phrases.reasons[self.reason or NO_CONNECTION])


@dataclass
class _Backend:
    state: BackendState = BackendState.CONNECTING
    fault: FaultClass | None = None
    changed_s: float = 0.0
    retry_at_s: float | None = None


def is_trouble(frame: BackendStatus | Fault) -> bool:
    """Whether a backend may soon leave its turns to others.

    A session that ends as planned, and a move to the next connection, are none.
    """
    if isinstance(frame, Fault):
        return POLICIES[frame.fault].is_trouble
    planned = frame.state is BackendState.DEGRADED and frame.retry_after_s == 0
    return frame.state in {BackendState.DEGRADED, BackendState.UNAVAILABLE} and not planned


class Connections:
    """The newest status and fault of each backend of one session."""

    def __init__(self) -> None:
        self._backends: dict[str, _Backend] = {}

    def status(self, frame: BackendStatus, now_s: float) -> None:
        """A backend says how it is."""
        backend = self._backends.setdefault(frame.backend, _Backend())
        backend.state, backend.changed_s = frame.state, now_s
        if frame.state is BackendState.READY:
            backend.fault = None
        self._retry(backend, frame.retry_after_s, now_s)

    def fault(self, frame: Fault, now_s: float) -> None:
        """Something went wrong with a backend."""
        backend = self._backends.setdefault(frame.backend, _Backend())
        backend.fault, backend.changed_s = frame.fault, now_s
        self._retry(backend, frame.retry_after_s, now_s)

    def outlook(self, now_s: float) -> Outlook:
        """How it stands; without any other backend there is no connection to have."""
        others = list(self._backends.values())
        if any(b.state is BackendState.READY and b.fault is None for b in others):
            return Outlook()
        if not others:
            return Outlook(NO_CONNECTION)
        newest = max(others, key=lambda b: (b.fault is not None, b.changed_s))
        reason = newest.fault.value if newest.fault else NO_CONNECTION
        waits = [b.retry_at_s - now_s for b in others if b.retry_at_s is not None]
        retries = [wait_s for wait_s in waits if wait_s > 0]
        return Outlook(reason, min(retries, default=None))

    def _retry(self, backend: _Backend, after_s: float | None, now_s: float) -> None:
        backend.retry_at_s = None if after_s is None else now_s + after_s


def about(seconds: float, phrases: Phrases) -> Line:
    """A duration as a person would say it."""
    unit_s, name = next((unit for limit_s, unit in UNITS_S if seconds < limit_s), (3600, "hour"))
    return phrases.duration(max(1, round(seconds / unit_s)), name)
