"""Echo suppressor of a call: what is far fainter than what was just played is no person."""

from __future__ import annotations

from collections import deque

import numpy as np

from actors.lib.audio.pcm import BLOCK_SAMPLES, FULL_SCALE, Samples, samples_to_ns

FAINTER = 10 ** (-15 / 10)
"""As power. Lines bring back what is played at -20 dB and less; people speak as loud as answers, by
RFC 7874, and the loudest of their blocks are 10 dB above that."""
AUDIBLE = (FULL_SCALE * 10 ** (-50 / 20)) ** 2
"""As power: the pauses of answers are softer, and their echo is nothing."""
TAIL_NS = 600_000_000
"""So late an echo may be: two ways through a mobile network and a provider's buffer."""
OPEN_NS = 300_000_000
"""After a block of a person its softer ones are let through. Below what `vad` takes for an
interruption (`min_interruption_ms`), so that a click in the line lets no turn begin by echo."""
EARLY_NS = 20_000_000
"""A provider may be so much before our clock."""


class EchoSuppressor:
    """Makes silence of echo; a person who speaks meanwhile is let through.

    The actor `echo` cancels echo instead and takes 1.5 % of a processor for it, this one 0.05
    (`benchmarks.telephone_echo`). Times are of one monotonic clock, in nanoseconds.
    """

    def __init__(self) -> None:
        self._played: deque[tuple[int, float]] = deque()
        """When each block begins to be heard, and its mean power."""
        self._open_until_ns = 0
        self.muted = 0
        """Samples."""

    def play(self, samples: Samples, at_ns: int) -> None:
        """Note a block, and when it begins to be heard."""
        self._played.append((at_ns, _power(samples)))

    def cut(self, now_ns: int) -> None:
        """What was to be heard later is not."""
        while self._played and self._played[-1][0] > now_ns:
            self._played.pop()

    def hear(self, samples: Samples, now_ns: int) -> Samples:
        """Return what comes on the line and ends now at 16 kHz, with silence for its echo."""
        pieces = []
        for at in range(0, len(samples), BLOCK_SAMPLES):
            block = samples[at : at + BLOCK_SAMPLES]
            end_ns = now_ns - samples_to_ns(len(samples) - at - len(block))
            pieces.append(self._hear(block, end_ns))
        return pieces[0] if len(pieces) == 1 else np.concatenate([samples[:0], *pieces])

    def _hear(self, block: Samples, now_ns: int) -> Samples:
        while self._played and self._played[0][0] < now_ns - TAIL_NS:
            self._played.popleft()
        sounding = [power for at_ns, power in self._played if at_ns <= now_ns + EARLY_NS]
        loudest = max(sounding, default=0.0)
        if loudest < AUDIBLE:
            return block
        if _power(block) >= loudest * FAINTER:
            self._open_until_ns = now_ns + OPEN_NS
        if now_ns <= self._open_until_ns:
            return block
        self.muted += len(block)
        return np.zeros_like(block)


def _power(samples: Samples) -> float:
    wide = samples.astype(np.float32)
    return float(np.dot(wide, wide)) / max(1, len(samples))
