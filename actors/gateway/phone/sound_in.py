"""What comes on a line, as its caller's ear takes it."""

from __future__ import annotations

from actors.gateway.ear import CallerEar
from actors.gateway.phone.dialect import CallStarted, LineTraits, SoundHeard
from actors.gateway.phone.sound.line_decoder import LineDecoder


class SoundIn:
    """Hands what is heard on a line to an ear, in order.

    Raises:
        UnreadableSoundError: there are no lines of such a rate.
    """

    def __init__(self, started: CallStarted, traits: LineTraits) -> None:
        self._decoder = LineDecoder(started.sound_in)
        self._traits = traits

    def hear(self, sound: SoundHeard, ear: CallerEar) -> None:
        """Take a message of sound.

        Raises:
            UnreadableSoundError: it comes far faster than anybody speaks.
        """
        ear.hear(self._decoder.feed(sound.payload))
