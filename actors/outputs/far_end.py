"""What was played, in pieces of one size: what an echo canceller listens to."""

from __future__ import annotations

import numpy as np

from actors.lib.audio.pcm import Samples, samples_to_ns, to_pcm
from actors.lib.audio.timeline import Timeline
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import Audio

FAR_END_SAMPLES = RATE_HZ // 50
"""20 ms, as microphones send; an echo canceller works on pieces of 10 ms."""
UNHEARD_SAMPLES = 10 * FAR_END_SAMPLES
"""For nobody but a tap, the event loop need not wake up fifty times a second."""
HUSHED_SAMPLES = 10 * RATE_HZ
"""Of silence in a row, after which most of it is left out: the time over which an echo canceller
averages when it lines up the far end with the microphone (`SMOOTHING_BLOCKS` of `echo`)."""
HUSHED_PIECES = 25
"""Then one piece in so many is sent, one in half a second: enough to follow how far the clocks of
two devices drift apart, and as often as an output looks at the clock that has nothing to play."""


class FarEnd:
    """Blocks as they were rendered, until there is a whole piece. Not safe for threads.

    After ten seconds of silence one piece in 25 is left; what is missing between two pieces is
    silence, until the next sound.
    """

    def __init__(self, session: str, piece: int, started_ns: int) -> None:
        """Make an empty one.

        Args:
            session: Whose sound it is.
            piece: Samples of a piece.
            started_ns: Monotonic time of position 0.
        """
        self._session = session
        self._piece = piece
        self._blocks: list[tuple[Samples, int]] = []
        self._samples = 0
        self._silent = 0
        """Samples since the last block that was not all silence."""
        self._timeline = Timeline(started_ns, RATE_HZ)

    @property
    def is_due(self) -> bool:
        """Whether there is a whole piece, or in a long silence as much as is left out of it."""
        return self._samples >= self._piece * (HUSHED_PIECES if self.is_hushed else 1)

    @property
    def is_hushed(self) -> bool:
        """Whether it was silent for so long that nobody waits for the next piece."""
        return self._silent - self._samples >= HUSHED_SAMPLES

    def add(self, samples: Samples, at_ns: int, *, sounds: bool) -> None:
        """Append what is heard from `at_ns` on; `sounds`: it is not all silence."""
        self._blocks.append((samples, at_ns))
        self._samples += len(samples)
        self._silent = 0 if sounds else self._silent + len(samples)

    def break_off(self) -> None:
        """Forget what is no whole piece; the next block is placed by its time."""
        self._blocks.clear()
        self._samples = 0
        self._timeline.lose()

    def drain(self) -> list[Audio]:
        """Return the whole pieces; the rest waits for more."""
        whole = self._samples // self._piece * self._piece
        if not whole:
            return []
        hushed = self.is_hushed
        joined = np.concatenate([samples for samples, _ in self._blocks])
        first_ns = self._blocks[0][1]
        self._samples -= whole
        rest = (joined[whole:], first_ns + samples_to_ns(whole, RATE_HZ))
        self._blocks = [rest] if self._samples else []
        pieces = [
            self._frame(joined[at : at + self._piece], first_ns + samples_to_ns(at, RATE_HZ))
            for at in range(0, whole, self._piece)
        ]
        # The newest, as it says best how far playing has come.
        return pieces[-1:] if hushed else pieces

    def _frame(self, samples: Samples, first_ns: int) -> Audio:
        return Audio(
            session=self._session,
            position=self._timeline.advance(len(samples), first_ns),
            rate_hz=RATE_HZ,
            pcm=to_pcm(samples),
            origin_ns=first_ns + samples_to_ns(len(samples), RATE_HZ),
        )
