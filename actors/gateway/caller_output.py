"""Where a caller hears: blocks of its answers, sent a little before their time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from actors.lib.audio.pcm import Samples
from actors.outputs.metronome import Metronome
from actors.outputs.output import AnswerPosition
from actors.outputs.paced_output import PacedOutput, Quiet

BLOCK_MS = 20.0
"""Of one message of sound, as docs/gateway.md promises: fewer would come later."""


class Hearer(Protocol):
    """Who is sent the blocks."""

    @property
    def is_there(self) -> bool:
        """Whether it is connected: who is not hears nothing, and its answer waits."""

    def play(self, block: Samples, until_ns: int, position: AnswerPosition) -> None:
        """Send a block of an answer at 24 kHz.

        Args:
            block: Its samples.
            until_ns: Monotonic time at which it is over, played in time.
            position: Up to where it goes.
        """


class CallerOutput(PacedOutput):
    """Sends what would be due on a sound device within the time that the network may hesitate.

    What is sent counts as heard at its time, unless its client says when it is played.
    """

    def __init__(
        self, metronome: Metronome, hearer: Hearer, ahead_ms: float, on_slip: Callable[[], None]
    ) -> None:
        super().__init__(metronome, Quiet.SKIPS, on_slip)
        self._hearer = hearer
        self._ahead_ns = int(ahead_ms * 1e6)

    @property
    def takes_samples(self) -> bool:
        """Whether the caller is there to hear them."""
        return self._hearer.is_there

    @property
    def rests(self) -> bool:
        """Whether it can do without a beat."""
        return super().rests or not self._hearer.is_there

    @property
    def ahead_ns(self) -> int:
        """Only what is there is sent ahead: an answer is not to run dry before its time."""
        enough = self._source is not None and self._source.waiting_ms >= BLOCK_MS
        return self._ahead_ns if enough else 0

    def play_on(self) -> None:
        """Go on; of an answer that begins, what may be sent ahead does not wait for a beat."""
        begins = self._source is not None and self._source.is_idle
        super().play_on()
        if begins:
            self._metronome.soon(self)

    def play_until(self, now_ns: int) -> None:
        """Send the blocks that are due, if the caller is there; if not, its answer waits."""
        if self._hearer.is_there:
            super().play_until(now_ns)
        else:
            self._due_ns = 0

    def play(self, block: Samples, *, sounds: bool) -> None:
        """Send a block that belongs to an answer."""
        if sounds:
            assert self._source is not None
            until_ns = self._due_ns + self._metronome.step_ns
            self._hearer.play(block, until_ns, self._source.position)
