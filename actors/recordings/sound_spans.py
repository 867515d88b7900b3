"""Which samples each recorded block of sound holds, so that none is read twice.

Producers retain sound in longer pieces than they sent it (`pipeline/bus/retention.py`). A recorder
that was killed has the blocks, the one that was started after it gets the piece.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.frames import Audio


class SampleRange(NamedTuple):
    """Samples `start` to `end` of a stream, in the message `row`."""

    start: int
    end: int
    row: int


class SoundSpans:
    """Spans of all blocks of sound, by stream, session and process of the producer."""

    def __init__(self) -> None:
        self._streams: dict[tuple[object, ...], int] = {}
        self._stream, self._row = array("I"), array("I")
        self._start, self._end = array("q"), array("q")

    def add(self, row: int, channel: int, fields: dict[object, object]) -> None:
        """Note a message, if it is one of sound."""
        pcm, start = fields.get("pcm"), fields.get("position")
        if fields.get("type") != Audio.type_name or not isinstance(start, int):
            return
        if not isinstance(pcm, bytes) or not pcm:
            return
        stream = (channel, fields.get("session"), fields.get("boot"))
        self._stream.append(self._streams.setdefault(stream, len(self._streams)))
        self._row.append(row)
        self._start.append(start)
        self._end.append(start + len(pcm) // 2)

    def repeated(self) -> list[int]:
        """Return the rows whose samples are all in other ones too."""
        stream, row = np.array(self._stream, np.int64), np.array(self._row, np.int64)
        start, end = np.array(self._start, np.int64), np.array(self._end, np.int64)
        left_out: list[int] = []
        for number in range(len(self._streams)):
            of_it = np.flatnonzero(stream == number)
            of_it = of_it[np.argsort(start[of_it], kind="stable")]
            for group in _overlapping(start[of_it], end[of_it]):
                spans = [SampleRange(int(start[n]), int(end[n]), int(row[n])) for n in of_it[group]]
                left_out += repeated_among(spans)
        return left_out


def repeated_among(spans: list[SampleRange]) -> list[int]:
    """Return the rows that add nothing: pieces whose blocks are all there, else those blocks."""
    kept: list[SampleRange] = []
    left_out: list[int] = []
    for piece in sorted(spans, key=lambda each: each.end - each.start):
        inside = [each for each in kept if piece.start <= each.start and each.end <= piece.end]
        if _covers(inside, piece):
            left_out.append(piece.row)
            continue
        left_out += [each.row for each in inside]
        kept = [each for each in kept if each not in inside]
        kept.append(piece)
    return left_out


def _covers(spans: list[SampleRange], piece: SampleRange) -> bool:
    reached = piece.start
    for each in sorted(spans):
        if each.start > reached:
            return False
        reached = max(reached, each.end)
    return reached >= piece.end


def _overlapping(start: NDArray[np.int64], end: NDArray[np.int64]) -> Iterator[slice]:
    """Yield the stretches, sorted by `start`, in which each span overlaps one before it."""
    reached = np.maximum.accumulate(end)
    begins = np.flatnonzero(np.append(True, start[1:] >= reached[:-1]))
    for begin, after in zip(begins, np.append(begins[1:], len(start)), strict=True):
        if after - begin > 1:
            yield slice(int(begin), int(after))
