"""How a client's count of the sound that it sends fits the time line of its session. Pure."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from actors.lib.audio.pcm import SPEECH_RATE_HZ

LEAD_SAMPLES = SPEECH_RATE_HZ
"""Sound that is kept before what may be a turn: an engine hears a second of silence before it, and
speech that has begun is noticed within it."""
MOST_MARKS = 100
"""Of the newest sound: there is one where silence was filled in, and nobody asks for what is ten
seconds old."""


class SoundMark(NamedTuple):
    """A place in both.

    Attributes:
        sound: Samples that the client has sent before it, over all its connections.
        position: On the time line, samples at 16 kHz.
    """

    sound: int
    position: int


class SoundMarks:
    """Follows one client.

    Args:
        sound: What it has sent so far.
        position: Where that ends.
    """

    def __init__(self, sound: int, position: int) -> None:
        self.sound = sound
        """What has come of it."""
        self._marks = deque([SoundMark(sound, position)], maxlen=MOST_MARKS)

    def heard(self, samples: int, position: int) -> None:
        """Samples have come, of which the first is at a position."""
        newest = self._marks[-1]
        if position - newest.position != self.sound - newest.sound:
            # Silence was filled in.
            self._marks.append(SoundMark(self.sound, position))
        self.sound += samples

    def skip_to(self, sound: int) -> None:
        """The client goes on elsewhere: what is between is lost, or was counted by another."""
        self.sound = sound

    def at(self, position: int) -> SoundMark:
        """Return the place of a position, or of the next sound behind it."""
        marks = list(self._marks)
        ends = [each.sound for each in marks[1:]] + [self.sound]
        for mark, end in zip(reversed(marks), reversed(ends), strict=True):
            if mark.position <= position:
                sound = min(mark.sound + position - mark.position, max(mark.sound, end))
                return SoundMark(sound, position)
        return marks[0]


class OpenTurns:
    """Which turns are not over, and so up to where the sound is done with."""

    def __init__(self) -> None:
        self._begun: dict[str, int] = {}
        """First sample of each that is open."""
        self._ended: dict[str, int] = {}
        """One past the last sample of those of them that were said to their end."""
        self._over = 0

    def began(self, turn: str, position: int) -> None:
        """A turn has begun."""
        self._begun[turn] = position

    def ended(self, turn: str, position: int) -> None:
        """It was said to its end."""
        if turn in self._begun:
            self._ended[turn] = position

    def closed(self, turn: str) -> None:
        """It has its outcome."""
        begun = self._begun.pop(turn, 0)
        self._over = max(self._over, self._ended.pop(turn, begun))

    def done(self, position: int) -> int:
        """Return the position before which all belongs to turns that are over.

        Args:
            position: Up to where was heard.
        """
        return max(self._over, min([position, *self._begun.values()]) - LEAD_SAMPLES)
