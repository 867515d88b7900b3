"""Tones of the keys of telephones, where a provider cannot press keys by a message."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actors.gateway.errors import CallerError
from actors.lib.audio.pcm import Samples
from actors.outputs.playout.playout_state import RATE_HZ

LOW_HZ = (697, 770, 852, 941)
"""Of the rows of keys, ITU-T Q.23."""
HIGH_HZ = (1209, 1336, 1477, 1633)
"""Of the columns, likewise."""
ROWS = ("123A", "456B", "789C", "*0#D")
TONE_MS, PAUSE_MS = 100, 100
"""ITU-T Q.24 has receivers that need 40 ms of each; people press for 100."""
RISE_MS = 5
"""At the most, ETSI ES 201 235-2: a tone that begins at once clicks."""
LOW_DBM0, HIGH_DBM0 = -11.0, -9.0
"""What telephones send by ETSI ES 201 235-2: lines lose more of high tones. Receivers of ITU-T Q.24
take 15 dB less."""
SINE_DBM0 = 3.17
"""Of a sine at full scale, ITU-T G.711 mu-law; A-law has 3.14."""
WAITS_MS = {"w": 500, "W": 1000, ",": 2000}
"""Pauses between keys, as Twilio writes them, and modems did."""


class UnknownKeyError(CallerError):
    """A telephone has no such key."""


def key_tones(keys: str) -> Samples:
    """Return the sound of keys that are pressed one after another, at 24 kHz.

    Args:
        keys: Of `0123456789*#ABCD`; `w` waits for half a second, `W` for one, `,` for two.

    Raises:
        UnknownKeyError: there is none of this name.
    """
    pieces = [np.zeros(0, np.int16)]
    for key in keys:
        if key in WAITS_MS:
            pieces.append(_pause(WAITS_MS[key]))
        else:
            pieces += [_tone(*_frequencies(key)), _pause(PAUSE_MS)]
    return np.concatenate(pieces)


def _frequencies(key: str) -> tuple[int, int]:
    for low_hz, row in zip(LOW_HZ, ROWS, strict=True):
        if key.upper() in row:
            return low_hz, HIGH_HZ[row.index(key.upper())]
    raise UnknownKeyError(f"no key {key!r} on a telephone: press 0-9, *, #, A-D; w, W and , wait")


def _tone(low_hz: int, high_hz: int) -> Samples:
    at_s = np.arange(RATE_HZ * TONE_MS // 1000) / RATE_HZ
    sound = sine_peak(LOW_DBM0) * np.sin(2 * np.pi * low_hz * at_s)
    sound += sine_peak(HIGH_DBM0) * np.sin(2 * np.pi * high_hz * at_s)
    return rising(sound, at_s)


def rising(sound: NDArray[np.float64], at_s: NDArray[np.float64]) -> Samples:
    """Return sound that begins and ends without a click.

    Args:
        sound: Samples.
        at_s: When each is, from 0.
    """
    rise = np.minimum(at_s, at_s[::-1]) / (RISE_MS / 1000)
    tone: Samples = np.round(sound * np.minimum(rise, 1.0)).astype(np.int16)
    return tone


def _pause(milliseconds: int) -> Samples:
    return np.zeros(RATE_HZ * milliseconds // 1000, np.int16)


def sine_peak(dbm0: float) -> float:
    """Return the largest sample of a sine of that level."""
    return float(32_767 * 10 ** ((dbm0 - SINE_DBM0) / 20))
