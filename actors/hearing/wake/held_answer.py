"""The answer that is held while it is not known whether who was let in says anything."""

from __future__ import annotations

import time

from pipeline.frames import (
    Playback,
    PlaybackState,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
    turn_id,
)

OVER = (PlaybackState.FINISHED, PlaybackState.INTERRUPTED)


class HeldAnswer:
    """Knows which answers are heard, and says what holds them and lets them go on."""

    def __init__(self) -> None:
        self._sounding: set[str] = set()
        """Turns whose answers are heard."""
        self._held_for = ""
        """Turn that may begin."""

    def on_playback(self, frame: Playback) -> None:
        """Note whether an answer is heard."""
        if frame.state in OVER:
            self._sounding.discard(frame.turn)
        else:
            self._sounding.add(frame.turn)

    def over(self, turn: str) -> None:
        """Note that a turn has its outcome, whatever else was told of its answer."""
        self._sounding.discard(turn)

    def hold(self, session: str, position: int) -> TentativeSpeechStarted | None:
        """Return what holds the answer that is heard; None: none is."""
        if not self._sounding:
            return None
        self._held_for = turn_id(session, position)
        return TentativeSpeechStarted(
            turn=self._held_for, position=position, at_ns=time.monotonic_ns()
        )

    def let_go(self, position: int) -> TentativeSpeechRejected | None:
        """Return what lets it go on, as nobody spoke; None: it is not held."""
        turn, self._held_for = self._held_for, ""
        return TentativeSpeechRejected(turn=turn, position=position) if turn else None

    def is_spoken_over(self) -> None:
        """Somebody speaks: what becomes of the answer others say."""
        self._held_for = ""
