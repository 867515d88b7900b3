"""An output without a device: a block is heard when the clock says so."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from time import monotonic_ns

from actors.lib.audio.pcm import Samples
from actors.outputs.metronome import BLOCK_SAMPLES, Metronome
from actors.outputs.output import SoundSource

LATEST_NS = 1_000_000_000
"""A clock that stood still for longer (a suspended machine) starts anew instead of catching up."""


class Quiet(StrEnum):
    """What an output does while there is nothing to play."""

    TICKS = "ticks"
    """Blocks of silence are taken in time, but for a long silence: an actor listens to them."""
    LAGS = "lags"
    """They are taken many at once: nobody does."""
    SKIPS = "skips"
    """None are taken: nobody would ever know."""


class PacedOutput:
    """Asks for a block whenever one would be due on a sound device."""

    def __init__(self, metronome: Metronome, quiet: Quiet, on_slip: Callable[[], None]) -> None:
        """Make a closed one.

        Args:
            metronome: When blocks are due.
            quiet: What to do while there is nothing to play.
            on_slip: Called when the clock had stood still.
        """
        self._metronome = metronome
        self._quiet = quiet
        self._on_slip = on_slip
        self._source: SoundSource | None = None
        self._due_ns = 0

    @property
    def session(self) -> str:
        """Whose sound it plays; empty while it is closed."""
        return "" if self._source is None else self._source.session

    @property
    def takes_samples(self) -> bool:
        """Whether it asks for blocks: always."""
        return True

    @property
    def rests(self) -> bool:
        """Whether it can do without a beat."""
        if self._source is None:
            return self._quiet is not Quiet.TICKS
        return self._source.is_hushed if self._quiet is Quiet.TICKS else self._source.is_idle

    @property
    def ahead_ns(self) -> int:
        """How long before its time a block may be taken now."""
        return 0

    def open(self, source: SoundSource) -> None:
        """Begin to ask for blocks."""
        self._source = source
        self._due_ns = 0
        self._metronome.add(self)

    def play_on(self) -> None:
        """Take the blocks that are due without the sound that comes, and go on at full pace."""
        self.play_until(monotonic_ns())
        self._metronome.stir()

    def close(self) -> None:
        """Ask for no more."""
        self._metronome.remove(self)
        self._source = None

    def play_until(self, now_ns: int) -> None:
        """Take the blocks that are due by now."""
        source = self._source
        if source is None:
            return
        if not self._due_ns or (self._quiet is Quiet.SKIPS and source.is_idle):
            self._due_ns = self._metronome.next_beat_ns()
            return
        if now_ns - self._due_ns > LATEST_NS:
            self._on_slip()
            self._due_ns = now_ns
            source.break_off()
        while self._due_ns <= now_ns + self.ahead_ns:
            self.play(source.render(BLOCK_SAMPLES, self._due_ns), sounds=source.sounded)
            self._due_ns += self._metronome.step_ns

    def play(self, block: Samples, *, sounds: bool) -> None:
        """Take a block; `sounds` as of `SoundSource.sounded`."""
