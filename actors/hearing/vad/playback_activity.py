"""Playback activity: whether an answer was heard at a moment, as players report it."""

from __future__ import annotations

from pipeline.frames import Playback, PlaybackState

HEARD_ON_NS = 3_000_000_000
"""After the last report of an answer that has not ended. Players report five times a second, when
they get a processor, but not in a pause; one that was killed reports no end."""


class PlaybackActivity:
    """One session's answers; times are those of the machine's clock in ns."""

    def __init__(self) -> None:
        self._until_ns: dict[str, int] = {}

    def on_playback(self, frame: Playback) -> None:
        """A player says how far it is."""
        if frame.state in (PlaybackState.STARTED, PlaybackState.PLAYING):
            self._until_ns[frame.turn] = frame.at_ns + HEARD_ON_NS
        else:
            self._until_ns.pop(frame.turn, None)

    def at(self, now_ns: int) -> bool:
        """Return whether an answer is heard; times must not go back by much."""
        for turn, until_ns in list(self._until_ns.items()):
            if until_ns < now_ns:
                del self._until_ns[turn]
        return bool(self._until_ns)
