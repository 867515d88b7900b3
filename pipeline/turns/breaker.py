"""Circuit breaker of a backend: whether it may be asked. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.backoff import Backoff
from pipeline.frames import BackendState, BackendStatus, Fault, FaultClass
from pipeline.turns.fault_policy import POLICIES, Cause, OfKey, Reach

LONGEST_COOL_DOWN_S = 3600.0
STARTING_S = 10.0
"""A pipeline starts in 1 s; on a small and busy machine in ten times that."""


class BreakerState(StrEnum):
    """State of a circuit breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """The cool-down is over; the next turn is the probe."""


@dataclass(frozen=True)
class CircuitBreaker:
    """What is known of one backend; times are monotonic seconds."""

    name: str
    state: BackendState = BackendState.CONNECTING
    since_s: float = 0.0
    """When it entered this state."""
    breaker: BreakerState = BreakerState.CLOSED
    open_until_s: float = 0.0
    trips: int = 0
    """Times in a row that it was found broken."""
    fault: Fault | None = None
    refused: str = ""
    """Why its budget allows it no more turns, in words; that is no fault of its own."""

    def on_status(self, status: BackendStatus, now_s: float) -> CircuitBreaker:
        """It said how it is.

        One that had no place has one when it is ready: there is nothing to wait for any more.
        """
        if status.state is self.state:
            return self
        is_ready = status.state is BackendState.READY
        fault, breaker = None if is_ready else self.fault, self.breaker
        if is_ready and self._has_no_place and breaker is BreakerState.OPEN:
            breaker = BreakerState.HALF_OPEN
        return replace(self, state=status.state, since_s=now_s, fault=fault, breaker=breaker)

    def failed(self, fault: Fault) -> CircuitBreaker:
        """It reported a fault."""
        return replace(self, fault=fault)

    def died(self, now_s: float) -> CircuitBreaker:
        """Its process ended; a new one will say when it is ready."""
        if self.state is BackendState.CONNECTING:
            return self  # One that dies whenever it starts has been starting all along.
        return replace(self, state=BackendState.CONNECTING, since_s=now_s)

    def trip(self, now_s: float) -> CircuitBreaker:
        """Leave it alone, longer each time in a row.

        Where all places are taken nothing is broken: one is free when a session ends, and that is
        no sooner for those who wait longer.
        """
        cause = self.fault.fault if self.fault is not None else FaultClass.UNKNOWN
        asked_for_s = self.fault.retry_after_s if self.fault is not None else None
        base_s = POLICIES[cause].cool_down_s if asked_for_s is None else asked_for_s
        if self._has_no_place:
            return replace(self, breaker=BreakerState.OPEN, open_until_s=now_s + base_s)
        cool_down_s = Backoff(base_s, max(LONGEST_COOL_DOWN_S, base_s)).wait_s(self.trips + 1)
        return replace(
            self, breaker=BreakerState.OPEN, open_until_s=now_s + cool_down_s, trips=self.trips + 1
        )

    def cooled(self, now_s: float) -> CircuitBreaker:
        """Let time pass."""
        if self.breaker is BreakerState.OPEN and now_s >= self.open_until_s:
            return replace(self, breaker=BreakerState.HALF_OPEN)
        return self

    def elsewhere(self, now_s: float) -> CircuitBreaker:
        """What it is to another session that begins."""
        if self.fault is not None and POLICIES[self.fault.fault].reach is Reach.EVERYBODY:
            return self
        state = self.state if self.state is BackendState.READY else BackendState.CONNECTING
        return CircuitBreaker(self.name, state, since_s=now_s, refused=self.refused)

    def of_another_model(self, now_s: float) -> CircuitBreaker:
        """What it is to a session that asks another model."""
        if not self.is_of_model:
            return self
        return CircuitBreaker(self.name, since_s=now_s, refused=self.refused)

    def proved(self) -> CircuitBreaker:
        """It answered."""
        if self.breaker is BreakerState.CLOSED:
            return self
        return replace(self, breaker=BreakerState.CLOSED, trips=0, fault=None)

    @property
    def _has_no_place(self) -> bool:
        return self.fault is not None and POLICIES[self.fault.fault].of_key is OfKey.FULL

    @property
    def is_of_model(self) -> bool:
        """What is held against it comes of the model that it was asked with."""
        return self.fault is not None and POLICIES[self.fault.fault].cause is Cause.MODEL

    @property
    def is_ready(self) -> bool:
        """It can be asked now."""
        return self.breaker is not BreakerState.OPEN and self.state is BackendState.READY

    def is_starting(self, now_s: float) -> bool:
        """It will probably be ready before anybody needs it: nothing is known against it."""
        fresh = self.state is BackendState.CONNECTING and now_s - self.since_s < STARTING_S
        return fresh and self.breaker is BreakerState.CLOSED and self.fault is None

    @property
    def is_possible(self) -> bool:
        """It may yet become ready soon."""
        return self.breaker is not BreakerState.OPEN and self.state is not BackendState.UNAVAILABLE

    @property
    def is_hopeless(self) -> bool:
        """Nothing but the operator can make it work."""
        return (
            self.state is BackendState.UNAVAILABLE
            and self.fault is not None
            and not self.fault.retry
        )
