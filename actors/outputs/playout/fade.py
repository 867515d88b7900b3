"""Soft edges where an answer is cut and where it goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actors.lib.audio.pcm import Samples
from actors.outputs.playout.answer_buffer import AnswerBuffer


@dataclass
class FadeOut:
    """The last few milliseconds of an answer before it is stopped, or held.

    Attributes:
        answer: Whose samples these are.
        left: Those that are not heard yet.
        stops: Nothing of the answer comes after this; otherwise it is held.
    """

    answer: AnswerBuffer
    left: Samples
    stops: bool

    def pop(self, count: int) -> Samples:
        """Return the next samples, at most `count`."""
        piece, self.left = self.left[:count], self.left[count:]
        return piece


class FadeIn:
    """The first few milliseconds of an answer that goes on."""

    def __init__(self, length: int) -> None:
        self._gains = np.linspace(0.0, 1.0, length, endpoint=False)

    @property
    def is_over(self) -> bool:
        """Whether it changes nothing any more."""
        return not len(self._gains)

    def apply(self, piece: Samples) -> Samples:
        """Return the next samples, fainter."""
        gains, self._gains = self._gains[: len(piece)], self._gains[len(piece) :]
        if not len(gains):
            return piece
        out = piece.copy()
        out[: len(gains)] = (piece[: len(gains)] * gains).astype(np.int16)
        return out
