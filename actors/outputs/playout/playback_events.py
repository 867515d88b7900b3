"""What is reported of playback, and how often."""

from __future__ import annotations

from actors.outputs.playout.answer_buffer import AnswerBuffer
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import Playback, PlaybackState

PROGRESS_MS = 200
"""How often `playing` is reported: a little oftener than a heartbeat saves it (250 ms)."""


class PlaybackEvents:
    """Collects what happened, until it is taken away."""

    def __init__(self) -> None:
        self.waiting: list[Playback] = []
        self._unreported = 0

    def add(self, answer: AnswerBuffer, state: PlaybackState, at_ns: int) -> None:
        """Report on an answer, at a monotonic time."""
        self._unreported = 0
        self.waiting.append(answer.playback(state, at_ns))

    def progress(self, answer: AnswerBuffer, count: int) -> None:
        """So many samples more were heard: report so now and then."""
        self._unreported += count
        if self._unreported * 1000 >= PROGRESS_MS * RATE_HZ:
            self.add(answer, PlaybackState.PLAYING, answer.heard_ns)

    def drain(self) -> list[Playback]:
        """Return what happened since the last time."""
        taken, self.waiting = self.waiting, []
        return taken
