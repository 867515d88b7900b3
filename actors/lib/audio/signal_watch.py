"""Whether a microphone hears anything: zeros, a constant or hum are all that a cable gives."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from actors.lib.audio.pcm import FULL_SCALE, SPEECH_RATE_HZ, Samples

NEVER_HEARD_S = 5.0
"""A working microphone has noise in its first blocks; a driver may take a second to start it."""
NO_MORE_HEARD_S = 30.0
"""Drivers that suppress noise give zeros in a quiet room, until somebody moves or speaks."""
HUM_S = 20.0
"""Nobody in a room with mains hum speaks for so long, and no other sound is louder than the hum's
own overtones."""
HUM_DBFS = -45.0
"""What is quieter hides nobody; and the last bit of the samples, at -93 dB above 300 Hz, is then
no sound beside it."""
HUM_OVERTONES_DB = -45.0
"""Of a signal: 50 to 150 Hz have -49 to -68 dB of it left in their second differences; the darkest
vowel, at 300 Hz, -37."""


class SignalProblem(StrEnum):
    """Why nothing can be heard; the value is for people."""

    NONE = ""
    ZEROS = "it gives nothing but zeros: is it muted, or its cable broken?"
    CONSTANT = "it gives a constant value: is it plugged in, and its driver the right one?"
    HUM = "it gives nothing but hum: is its cable broken?"


class SignalWatch:
    """Looks at a block of 16 kHz now and then, of every quarter of a second, without a clock."""

    def __init__(self) -> None:
        self._ever_heard = False
        self._same_samples = 0
        self._hum_samples = 0
        self._value: int | None = None

    def watch(self, block: Samples, stands_for: int) -> None:
        """Take a block that stands for so many samples, itself and those before it."""
        first = int(block[0])
        if (block == first).all() and self._value in (None, first):
            self._value = first
            self._same_samples += stands_for
            self._hum_samples = 0
        else:
            self._value = None
            self._same_samples = 0
            self._ever_heard = True
            self._hum_samples = self._hum_samples + stands_for if _is_hum(block) else 0

    @property
    def problem(self) -> SignalProblem:
        """Why nothing can be heard."""
        patience_s = NO_MORE_HEARD_S if self._ever_heard else NEVER_HEARD_S
        if self._same_samples >= patience_s * SPEECH_RATE_HZ:
            return SignalProblem.CONSTANT if self._value else SignalProblem.ZEROS
        if self._hum_samples >= HUM_S * SPEECH_RATE_HZ:
            return SignalProblem.HUM
        return SignalProblem.NONE


def _is_hum(block: Samples) -> bool:
    wide = block.astype(np.float64)
    power = float(wide.var())
    if power < FULL_SCALE**2 * 10 ** (HUM_DBFS / 10):
        return False
    return float((np.diff(wide, 2) ** 2).mean()) < power * 10 ** (HUM_OVERTONES_DB / 10)
