"""What comes on a line, as samples at 16 kHz."""

from __future__ import annotations

from actors.gateway.errors import UnreadableSoundError
from actors.gateway.phone.dialect import Encoding, LineSound
from actors.gateway.sound import RATES_HZ
from actors.lib.audio import g711
from actors.lib.audio.pcm import SAMPLE_BYTES, SPEECH_RATE_HZ, Samples, to_samples
from actors.lib.audio.prompt_resampler import PromptResampler


def require_line_rate(sound: LineSound) -> None:
    """Return if there are lines of such a rate.

    Raises:
        UnreadableSoundError: there are none.
    """
    least, most = RATES_HZ
    if not least <= sound.rate_hz <= most:
        raise UnreadableSoundError(
            f"the line announces sound at {sound.rate_hz} Hz and {least} to {most} are taken: "
            "set another rate at the provider"
        )


class LineDecoder:
    """Turns bytes of a line, in pieces of any size, into samples at 16 kHz.

    Holds back 2 ms at 8 kHz, nothing at 16.

    Raises:
        UnreadableSoundError: there are no lines of such a rate.
    """

    def __init__(self, sound: LineSound) -> None:
        require_line_rate(sound)
        self._encoding = sound.encoding
        self._resampler = PromptResampler(sound.rate_hz, SPEECH_RATE_HZ)
        self._cut = b""
        """The first half of a sample, of which the other is still to come."""

    def feed(self, payload: bytes) -> Samples:
        """Return what is ready after the next bytes; their number may be odd."""
        return self._resampler.process(self._decode(payload))

    def flush(self) -> Samples:
        """Return what is held back; what comes next is a new stream."""
        self._cut = b""
        return self._resampler.process(self._decode(b""), last=True)

    def _decode(self, payload: bytes) -> Samples:
        match self._encoding:
            case Encoding.MULAW:
                return g711.decode(payload, g711.mulaw_levels())
            case Encoding.ALAW:
                return g711.decode(payload, g711.alaw_levels())
            case Encoding.PCM16:
                payload = self._cut + payload if self._cut else payload
                whole = len(payload) // SAMPLE_BYTES * SAMPLE_BYTES
                self._cut = payload[whole:]
                return to_samples(payload[:whole])
