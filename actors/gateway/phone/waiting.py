"""Who waits for an answer in silence hears now and then that the line is still up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import numpy as np

from actors.gateway.caller import Caller
from actors.gateway.phone.line import PhoneLine
from actors.gateway.phone.sound.key_tones import rising, sine_peak
from actors.lib.audio.pcm import Samples
from actors.outputs.playout.playout_state import RATE_HZ

LOOK_S = 0.1
"""How often it is seen whether the line is silent: a fiftieth of what people wait."""
TONE_HZ = 425
"""Of tones by which networks tell how a call is, ITU-T E.180."""
TONE_MS, PAUSE_MS = 150, 150
"""Two short ones and no more: tones of ITU-T E.180 that mean that a call failed go on and on."""
TONE_DBM0 = -24.0
"""Softer than the -10 dBm0 of a network's own tones (ITU-T E.180), and than speech."""


def waiting_tones() -> Samples:
    """Return two soft tones at 24 kHz."""
    at_s = np.arange(RATE_HZ * TONE_MS // 1000) / RATE_HZ
    tone = rising(sine_peak(TONE_DBM0) * np.sin(2 * np.pi * TONE_HZ * at_s), at_s)
    return np.concatenate([tone, np.zeros(RATE_HZ * PAUSE_MS // 1000, np.int16), tone])


class SilenceClock:
    """Decides when somebody has waited in silence for long enough.

    Args:
        waits_ns: So long it may be silent.
        now_ns: When the silence began.
    """

    def __init__(self, waits_ns: int, now_ns: int) -> None:
        self._waits_ns = waits_ns
        self._since_ns = now_ns

    def is_due(self, now_ns: int, *, left_ns: int, speaking: bool) -> bool:
        """Return whether it is time for a tone, from which on it counts anew.

        Args:
            now_ns: Now.
            left_ns: How much of what was sent is to be heard still.
            speaking: The caller speaks: there is nothing to wait for yet.
        """
        if left_ns or speaking:
            self._since_ns = now_ns + left_ns
        if now_ns - self._since_ns < self._waits_ns:
            return False
        self._since_ns = now_ns
        return True


class WaitingTones:
    """Plays tones on one line while a turn is open and nothing is heard of its answer.

    Args:
        line: Where they are heard.
        caller: Who waits.
        waiting_s: So long it may be silent; None: for ever.
        play: Plays sound on the line while nobody speaks.
    """

    def __init__(
        self,
        line: PhoneLine,
        caller: Caller,
        waiting_s: float | None,
        play: Callable[[Samples], Awaitable[None]],
    ) -> None:
        self._line = line
        self._caller = caller
        self._waiting_s = waiting_s
        self._play = play
        self._watching = False

    async def watch(self) -> None:
        """Watch until no turn is open; what is watched already is not watched twice."""
        if self._waiting_s is None or self._watching:
            return
        self._watching = True
        try:
            await self._watch(SilenceClock(int(self._waiting_s * 1e9), time.monotonic_ns()))
        finally:
            self._watching = False

    async def _watch(self, clock: SilenceClock) -> None:
        line, caller = self._line, self._caller
        while caller.is_busy:
            await asyncio.sleep(LOOK_S)
            now_ns = time.monotonic_ns()
            left_ns = line.heard.left_ns(now_ns)
            is_due = clock.is_due(now_ns, left_ns=left_ns, speaking=caller.speaking)
            if is_due and caller.is_busy and not line.paused:
                await self._play(waiting_tones())
