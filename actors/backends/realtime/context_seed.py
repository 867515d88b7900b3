"""What the service's session knows of the conversation: how to resume it, or to tell it all."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

from actors.backends.history import History
from actors.backends.turn_kind import SAY_THE_REST
from pipeline.frames import TurnClosed
from pipeline.store import Store

HANDLE_LIFE_S = 2 * 3600.0
"""Services keep a session for two hours after its end (Gemini's documentation)."""
HANDLE = "handle"
"""Key of a row that outlives the run."""


class ContextSeed:
    """Notices when other backends said what the session has not heard, and keeps its handle.

    Args:
        backend: Name of the actor.
        session: Whose conversation it is.
        history: What was said; it may be restored at any time.
        store: Of the actor.
        conversation: Its id: the session's name may have been that of another one.
    """

    def __init__(
        self, backend: str, session: str, history: History, store: Store, conversation: str = ""
    ) -> None:
        self.behind = False
        """Something was said since the service's session was told, and not by it."""
        self.resumable = True
        """The service has not said that it could not be resumed now."""
        self._backend = backend
        self._session = session
        self._history = history
        self._store = store
        self._conversation = conversation

    def closed(self, frame: TurnClosed) -> None:
        """A turn has its outcome; one that is told again is no news."""
        news = self._history.closed(frame)
        if news and frame.by and frame.by != self._backend:
            self.behind = True
        if self.behind:
            # A resumed session does not know this turn, and must not be told.
            self.drop_handle()

    def keep_handle(self, handle: str | None, peer: str) -> None:
        """The service's session can be resumed with `handle` by whoever connects to `peer`.

        None: not at this point.
        """
        self.resumable = handle is not None
        if handle and not self.behind:
            of = self._conversation
            row = {"handle": handle, "peer": peer, "at_s": time.time(), "conversation": of}
            self._store.put(self._session, HANDLE, row, outlives_run=True)

    def outgrow_handle(self) -> None:
        """A turn was answered: a handle of before it would bring back a session without it.

        The next one comes when the service has nothing under way any more, which may be as late as
        the end of playback.
        """
        if not self.resumable:
            self.drop_handle()

    def on_link_down(self, *, drop_handle: bool) -> None:
        """The connection is gone; there is nothing to wait for any more."""
        self.resumable = True
        if drop_handle:
            self.drop_handle()

    def drop_handle(self) -> None:
        """The handle is of no use any more."""
        self._store.remove(self._session, HANDLE)

    def handle(self, peer: str) -> str | None:
        """Return the handle for a peer; None: there is none that is of use."""
        row = self._store.get(self._session, HANDLE)
        return usable_handle(row, peer, time.time(), self._conversation)

    def rests(self, unspoken: Mapping[str, str]) -> dict[str, str]:
        """Return what the service is told that is to go on with answers of others, by turn."""
        return {
            turn: SAY_THE_REST.format(
                said=self._history.said(turn), heard=self._history.heard(turn), rest=rest
            )
            for turn, rest in unspoken.items()
        }

    def tell(self, open_turns: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Return role and text of what a fresh session is told.

        Args:
            open_turns: What was said in these is sent as sound, once the session is there.
        """
        self.behind = False
        return self._history.contents(without=open_turns, to_come=True)


def usable_handle(row: Any, peer: str, now_s: float, conversation: str = "") -> str | None:
    """Return the handle of a row, if it is of this conversation, for this peer and not too old.

    `now_s` is wall-clock time.
    """
    try:
        fresh = 0 <= now_s - row["at_s"] < HANDLE_LIFE_S
        ours = row["peer"] == peer and row.get("conversation", "") == conversation
        return str(row["handle"]) if fresh and ours else None
    except (TypeError, KeyError, AttributeError):
        return None
