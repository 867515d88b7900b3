"""Sessions that have ended, while a failure prompt is still heard in them."""

from __future__ import annotations

import asyncio

from actors.outputs.session_playback import SessionPlayback

LONGEST_APOLOGY_S = 15.0
"""After the end of its session a failure prompt is played to its end; the packaged one takes 4 s.
An output that asks for no blocks by then is given up."""


class LeavingSessions:
    """Closes the playback of each when its prompt has been heard, or its output is given up."""

    def __init__(self) -> None:
        self._playbacks: dict[str, SessionPlayback] = {}

    def __contains__(self, session: str) -> bool:
        return session in self._playbacks

    def __len__(self) -> int:
        return len(self._playbacks)

    def add(self, playback: SessionPlayback, loop: asyncio.AbstractEventLoop) -> None:
        """Let a playback go on after its session."""
        self._playbacks[playback.session] = playback
        loop.call_later(LONGEST_APOLOGY_S, self._give_up, playback)

    def let_go(self, session: str) -> None:
        """Close what is left of a session, if anything is."""
        playback = self._playbacks.pop(session, None)
        if playback is not None:
            playback.close()

    def close(self) -> None:
        """Let go of all."""
        for session in list(self._playbacks):
            self.let_go(session)

    def _give_up(self, playback: SessionPlayback) -> None:
        # Another one of its name may have come and gone meanwhile.
        if self._playbacks.get(playback.session) is playback:
            self.let_go(playback.session)
