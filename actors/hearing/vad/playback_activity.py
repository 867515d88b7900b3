"""Playback activity: whether an answer was heard at a moment, as players report it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.frames import Playback, PlaybackState

HEARD_ON_NS = 3_000_000_000
"""After the last report of an answer that has not ended. Players report five times a second, when
they get a processor, but not in a pause; one that was killed reports no end."""
KEPT_NS = 30_000_000_000
"""Answers that have ended: sound that is replayed is at most half as old."""


@dataclass
class HeardAnswer:
    """When an answer was heard."""

    from_ns: int
    until_ns: int


class PlaybackActivity:
    """One session's answers; times are those of the machine's clock in ns."""

    def __init__(self) -> None:
        self._answers: dict[str, HeardAnswer] = {}

    def on_playback(self, frame: Playback) -> None:
        """A player says how far it is."""
        sounds = frame.state in (PlaybackState.STARTED, PlaybackState.PLAYING)
        until_ns = frame.at_ns + (HEARD_ON_NS if sounds else 0)
        known = self._answers.get(frame.turn)
        if known is not None:
            known.until_ns = until_ns
        elif sounds:
            # Who has not heard of its begin knows only that it is over.
            begun_ns = frame.at_ns - (HEARD_ON_NS if frame.state is PlaybackState.PLAYING else 0)
            self._answers[frame.turn] = HeardAnswer(begun_ns, until_ns)
            for turn, answer in list(self._answers.items()):
                if answer.until_ns < frame.at_ns - KEPT_NS:
                    del self._answers[turn]

    def at(self, moment_ns: int) -> bool:
        """Return whether an answer is, or was, heard at a moment of the last 15 s."""
        answers = self._answers.values()
        return any(answer.from_ns <= moment_ns <= answer.until_ns for answer in answers)
