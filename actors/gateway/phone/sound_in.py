"""What comes on a line, as its caller's ear takes it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

from actors.gateway.phone.dialect import CallStarted, LineTraits, SoundHeard
from actors.gateway.phone.sound.echo_suppressor import EchoSuppressor
from actors.gateway.phone.sound.line_decoder import LineDecoder
from actors.gateway.phone.sound.reorder import Reorder
from actors.lib.audio.pcm import Samples


class SoundIn:
    """Hands on what is heard on a line, in order, at 16 kHz.

    Args:
        started: What the provider said of the line.
        traits: What it can do.
        hear: Takes samples at 16 kHz.
        work: What is done in it, though no message has just come, fails for this call alone.
        counters: Of the gateway.
        echo: Takes the echo of answers out; None: nobody does.

    Raises:
        UnreadableSoundError: there are no lines of such a rate.
    """

    def __init__(
        self,
        started: CallStarted,
        traits: LineTraits,
        hear: Callable[[Samples], None],
        work: Callable[[], AbstractContextManager[None]],
        counters: Counter[str],
        echo: EchoSuppressor | None = None,
    ) -> None:
        self._decoder = LineDecoder(started.sound_in)
        self._reorder = None if traits.ordered else Reorder(started.sound_in, counters)
        self._hear_clean = hear
        self._work = work
        self._echo = echo
        self._counters = counters
        self._timer: asyncio.TimerHandle | None = None

    def take(self, sound: SoundHeard) -> None:
        """Take a message of sound.

        Raises:
            UnreadableSoundError: it comes far faster than anybody speaks.
        """
        if self._reorder is None or sound.number is None:
            self._hear(self._decoder.feed(sound.payload))
            return
        self._hand_on(self._reorder.take(sound.payload, sound.number, time.monotonic_ns()))

    def close(self) -> None:
        """Wait for nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hear(self, samples: Samples) -> None:
        if self._echo is not None:
            muted = self._echo.muted
            samples = self._echo.hear(samples, time.monotonic_ns())
            self._counters["phone_echo_samples"] += self._echo.muted - muted
        self._hear_clean(samples)

    def _hand_on(self, payloads: list[bytes]) -> None:
        assert self._reorder is not None
        self.close()
        due_ns = self._reorder.due_ns
        if due_ns is not None:
            # What it waits for may be the last that came before a silence.
            after_s = max(0.0, (due_ns - time.monotonic_ns()) / 1e9)
            self._timer = asyncio.get_running_loop().call_later(after_s, self._on_overdue)
        for payload in payloads:
            self._hear(self._decoder.feed(payload))

    def _on_overdue(self) -> None:
        assert self._reorder is not None
        with self._work():
            self._hand_on(self._reorder.overdue(time.monotonic_ns()))
