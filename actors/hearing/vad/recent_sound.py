"""The newest sound of a session, for the question whether a sentence is complete."""

from __future__ import annotations

from collections import deque

import numpy as np

from actors.hearing.vad.smart_turn.features import SOUND_SAMPLES
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples

KEPT_SAMPLES = SOUND_SAMPLES + SPEECH_RATE_HZ
"""What the network hears, and the pause after it until it is asked. 280 KB."""


class RecentSound:
    """Takes sound that comes again too: after a restart it is all there is of the turn so far."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, Samples]] = deque()
        self._end = 0

    def append(self, position: int, samples: Samples) -> None:
        """Keep samples that begin at `position`, as far as they are new here."""
        if self._pieces:
            samples = samples[max(0, self._end - position) :]
            position = max(position, self._end)
        if not len(samples):
            return
        self._pieces.append((position, samples))
        self._end = position + len(samples)
        while self._pieces[0][0] + len(self._pieces[0][1]) < self._end - KEPT_SAMPLES:
            self._pieces.popleft()

    def between(self, start: int, end: int) -> Samples:
        """Return the samples from `start` to `end`; those that are not there are silence."""
        sound = np.zeros(max(0, end - start), np.int16)
        for position, samples in self._pieces:
            first, last = max(position, start), min(position + len(samples), end)
            if first < last:
                sound[first - start : last - start] = samples[first - position : last - position]
        return sound
