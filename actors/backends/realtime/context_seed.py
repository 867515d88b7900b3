"""What was said in the conversation, and whether the service's session knows all of it."""

from __future__ import annotations

from collections.abc import Collection

from actors.backends.history import History
from pipeline.frames import TurnClosed


class ContextSeed:
    """Keeps the history, and notices when other backends said what the session has not heard.

    Args:
        backend: Name of the actor whose session it is.
        history: What was said; it may be restored at any time.
    """

    def __init__(self, backend: str, history: History) -> None:
        self.history = history
        self.behind = False
        """Something was said since the session was told, and not by it."""
        self._backend = backend

    def closed(self, frame: TurnClosed) -> None:
        """A turn has its outcome; one that is told again is no news."""
        news = self.history.closed(frame)
        if news and frame.by and frame.by != self._backend:
            self.behind = True

    def tell(self, open_turns: Collection[str]) -> list[tuple[str, str]]:
        """Return role and text of what a fresh session is told.

        Args:
            open_turns: What was said in these is sent as sound, once the session is there.
        """
        self.behind = False
        return list(self.history.contents(without=open_turns, to_come=True))
