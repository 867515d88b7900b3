"""Frames of the config's own session that are whole and that the actor cannot use as they are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pipeline.errors import UnusableFrameError
from pipeline.frames import ActorState

if TYPE_CHECKING:
    from pipeline.actor import Actor

LOG_EVERY_S = 10.0
"""A stream of them, fifty a second, makes one log line in this time."""
OVER_S = 3.0
"""After so long without another the actor is well again: what it drops comes block by block."""


class UnusableFrames:
    """Drops, counts and tells them; meanwhile the actor says in its state what is wrong.

    To end for them would help nobody: what was retained of the stream would end the next process
    too, and the right sound that follows would be heard by none.
    """

    def __init__(self, actor: Actor[Any]) -> None:
        self._actor = actor
        self._due_s = 0.0
        self._last_s = 0.0
        self._problem = ""

    def drop(self, port: str, error: UnusableFrameError) -> None:
        """Note one that came on `port`."""
        actor, now_s, problem = self._actor, time.monotonic(), str(error)
        actor.counters[f"{port}.unusable"] += 1
        self._last_s = now_s
        if now_s >= self._due_s:
            self._due_s = now_s + LOG_EVERY_S
            so_far = actor.counters[f"{port}.unusable"]
            actor.log.error(
                "dropped what cannot be used", port=port, problem=problem, so_far=so_far
            )
        if not self._problem:
            actor.call_later(OVER_S, self._look)
        if actor.state is ActorState.READY or self._is_told:
            actor.set_state(ActorState.DEGRADED, problem)
        self._problem = problem

    @property
    def _is_told(self) -> bool:
        """Whether the actor's state is of these, and not what it says of itself."""
        state = ActorState.DEGRADED, self._problem
        return (self._actor.state, self._actor.detail) == state

    def _look(self) -> None:
        left_s = self._last_s + OVER_S - time.monotonic()
        if left_s > 0:
            self._actor.call_later(left_s, self._look)
            return
        if self._is_told:
            self._actor.set_state(ActorState.READY)
        self._problem = ""
