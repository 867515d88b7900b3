"""What a session remembers: what was said, which turns are over, how to resume."""

from __future__ import annotations

import time
from typing import Any

from actors.backends.history import History
from actors.backends.realtime.context_seed import ContextSeed
from actors.backends.realtime.link import Seed
from actors.backends.realtime.steps import Step
from actors.backends.realtime.turn_state import Memorable, TurnState
from pipeline.actor import Actor
from pipeline.frames import Playback, Transcript, TurnClosed
from pipeline.logs import Logger
from pipeline.store import Store

HANDLE_LIFE_S = 2 * 3600.0
"""Services keep a session for two hours after its end (Gemini's documentation)."""
HANDLE, TURNS, HISTORY = "handle", "turns", "history"
"""Rows. The handle outlives the run; turns are named after positions, which each run counts
from 0."""


class SessionMemory:
    """Seeds connections, and outlives the process; what is kept is written off the loop.

    Args:
        actor: Whose session it is.
        name: Of the session.
        state: Of its turns.
        store: Of the actor.
        log: Of the session.
        plays: Somebody plays its answers, and reports what was heard of them.
    """

    def __init__(
        self,
        actor: Actor[Any],
        name: str,
        state: TurnState,
        store: Store,
        log: Logger,
        *,
        plays: bool = True,
    ) -> None:
        self.epoch = 0
        """Of the route, as last saved."""
        self._backend = actor.name
        self._session = name
        self._state = state
        self._store = store
        self._log = log
        reported = plays and "playback" in actor.surroundings.connected
        self._context = ContextSeed(actor.name, History(reported=reported))

    @property
    def behind(self) -> bool:
        """Others said what the connection in use has not heard."""
        return self._context.behind

    def restore(self) -> list[Step]:
        """Take up what a killed process left off; returns what there is to say about it."""
        try:
            self._context.history.restore(self._store.get(self._session, HISTORY) or {})
            turns = self._store.get(self._session, TURNS)
            before = _memorable(turns) if turns else Memorable([], [], 0)
            self.epoch = before.epoch
            return self._state.restore(before)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            self._log.warning("starting without the memory of before", error=str(error))
            return []

    def began(self, turn: str) -> None:
        """A turn begins."""
        self._context.history.began(turn)

    def own(self, frame: Transcript) -> None:
        """Something was said to or by this backend."""
        self._context.history.transcript(frame)

    def transcript(self, frame: Transcript) -> None:
        """What was said to and by other backends belongs to the conversation."""
        if frame.backend != self._backend:
            self._context.history.transcript(frame)

    def playback(self, frame: Playback) -> None:
        """What the user did not hear was not said."""
        self._context.history.playback(frame)

    def closed(self, frame: TurnClosed) -> None:
        """A turn has its outcome."""
        self._context.closed(frame)
        if self.behind:
            # A resumed session does not know this turn, and must not be told.
            self.drop_handle()

    def keep_handle(self, handle: str, peer: str) -> None:
        """The service's session can be resumed with `handle` by whoever connects to `peer`."""
        if not self.behind:
            row = {"handle": handle, "peer": peer, "at_s": time.time()}
            self._store.put(self._session, HANDLE, row, outlives_run=True)

    def drop_handle(self) -> None:
        """The handle is of no use any more."""
        self._store.remove(self._session, HANDLE)

    def seed(
        self,
        peer: str,
        *,
        resumption: bool,
        local_turns: bool,
        tools: tuple[dict[str, Any], ...],
        left_out: frozenset[str],
    ) -> Seed:
        """Return how to begin a connection to `peer`: with a handle for it, or all told anew."""
        handle = self._handle(peer) if resumption else None
        # What was said in open turns is sent as sound, once the session is there.
        history = self._context.tell([turn.turn_id for turn in self._state.turns])
        return Seed(local_turns, tools, () if handle else tuple(history), handle, left_out)

    def save(self) -> None:
        """Keep where the conversation is; returns at once."""
        self._store.put(self._session, TURNS, vars(self._state.memorable()))
        self._store.put(self._session, HISTORY, self._context.history.to_json())

    def forget(self) -> None:
        """The session is over, and nobody comes back to it."""
        self._store.remove(self._session)

    def _handle(self, peer: str) -> str | None:
        return usable_handle(self._store.get(self._session, HANDLE), peer, time.time())


def _memorable(row: Any) -> Memorable:
    return Memorable(list(row["over"]), list(row["begun"]), int(row["epoch"]))


def usable_handle(row: Any, peer: str, now_s: float) -> str | None:
    """Return the handle of a row, if it is for this peer and not too old; wall-clock seconds."""
    try:
        fresh = 0 <= now_s - row["at_s"] < HANDLE_LIFE_S
        return str(row["handle"]) if fresh and row["peer"] == peer else None
    except (TypeError, KeyError):
        return None
