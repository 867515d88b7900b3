"""Echo suppressor of a call: what is far fainter than what was just played is no person."""

from __future__ import annotations

from collections import deque

import numpy as np

from actors.lib.audio.pcm import BLOCK_SAMPLES, Samples, level_dbfs, samples_to_ns

CERTAIN_DB = -15.0
"""What is louder than this beside what was played is a person. Lines bring back what is played at
-20 dB and less; people speak as loud as answers, by RFC 7874."""
LOUDEST_ECHO_DB, FAINTEST_ECHO_DB = -25.0, -50.0
"""Between what is believed of most of the echo of a line: at first the worst, so that a call does
not begin with an interruption by itself. At the other end `vad` takes no echo for a voice."""
MARGIN_DB = 15.0
"""From there to a person."""
RISE_DB, FALL_DB = 0.6, 0.1
"""By block of 20 ms: six in seven are fainter than is believed. A line without echo is known after
5 s of an answer; a soft voice is taken for echo only when it has interrupted the answer already.
Chosen with the margin by `benchmarks.telephone_echo`: no turn by echo of -40 to -15 dB, and all of
the interruptions by people who are 15 dB softer than the answer were found."""
AUDIBLE_DBFS = -50.0
"""The pauses of answers are softer, and their echo is nothing."""
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
        """When each block begins to be heard, and its level in dBFS."""
        self._coming: deque[tuple[int, float]] = deque()
        """Those of them that are not heard yet, ..."""
        self._loudest: deque[tuple[int, float]] = deque()
        """... and those that are, but for what is fainter than a later one."""
        self._echo_db = LOUDEST_ECHO_DB
        """Most of the echo is fainter, beside what was played."""
        self._open_until_ns = 0
        self.muted = 0
        """Samples."""

    def play(self, samples: Samples, at_ns: int) -> None:
        """Note a block, and when it begins to be heard."""
        block = (at_ns, level_dbfs(samples))
        self._played.append(block)
        self._coming.append(block)

    def cut(self, now_ns: int) -> None:
        """What was to be heard later is not."""
        while self._played and self._played[-1][0] > now_ns:
            self._played.pop()
        self._coming = deque(self._played)
        self._loudest.clear()

    def hear(self, samples: Samples, now_ns: int) -> Samples:
        """Return what comes on the line and ends now at 16 kHz, with silence for its echo."""
        if len(samples) == BLOCK_SAMPLES:
            return self._hear(samples, now_ns)
        pieces = []
        for at in range(0, len(samples), BLOCK_SAMPLES):
            block = samples[at : at + BLOCK_SAMPLES]
            end_ns = now_ns - samples_to_ns(len(samples) - at - len(block))
            pieces.append(self._hear(block, end_ns))
        return pieces[0] if len(pieces) == 1 else np.concatenate([samples[:0], *pieces])

    def _hear(self, block: Samples, now_ns: int) -> Samples:
        if not self._played:
            return block
        loudest_dbfs = self._loudest_dbfs(now_ns)
        if loudest_dbfs <= AUDIBLE_DBFS:
            return block
        beside_db = level_dbfs(block) - loudest_dbfs
        if beside_db >= min(self._echo_db + MARGIN_DB, CERTAIN_DB):
            self._open_until_ns = now_ns + OPEN_NS
        self._believe(beside_db)
        if now_ns <= self._open_until_ns:
            return block
        self.muted += len(block)
        return np.zeros_like(block)

    def _loudest_dbfs(self, now_ns: int) -> float:
        """Return the level of the loudest block whose echo may be heard now."""
        oldest_ns, newest_ns = now_ns - TAIL_NS, now_ns + EARLY_NS
        while self._played and self._played[0][0] < oldest_ns:
            self._played.popleft()
        coming, loudest = self._coming, self._loudest
        while coming and coming[0][0] <= newest_ns:
            block = coming.popleft()
            while loudest and loudest[-1][1] <= block[1]:
                loudest.pop()
            loudest.append(block)
        while loudest and loudest[0][0] < oldest_ns:
            loudest.popleft()
        return loudest[0][1] if loudest else AUDIBLE_DBFS

    def _believe(self, beside_db: float) -> None:
        """Take one more block into account; not what is a person for certain."""
        if beside_db < CERTAIN_DB:
            step_db = RISE_DB if beside_db > self._echo_db else -FALL_DB
            echo_db = self._echo_db + step_db
            self._echo_db = min(max(echo_db, FAINTEST_ECHO_DB), LOUDEST_ECHO_DB)
