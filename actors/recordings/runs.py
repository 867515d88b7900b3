"""Stretches of recorded sound without a gap, read when they are played."""

from __future__ import annotations

from array import array
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

import numpy as np
from numpy.typing import NDArray

from actors.lib.audio.pcm import SAMPLE_BYTES, Samples, samples_to_ns, to_samples
from actors.recordings.messages import RecordedMessages
from pipeline.frames import AnswerAudio, Audio, Playback

RATE_HZ = 24_000
"""Rate of the answers and of what is played; the user's 16 kHz lose nothing in it."""
ANSWERS_KEPT = 2
"""What was heard of an answer comes in pieces, and hardly ever from more than one answer."""


@dataclass(frozen=True)
class Run:
    """Sound without a gap.

    Attributes:
        begin_ns: Monotonic time of its first sample.
        samples: How many, at `RATE_HZ`.
        read: Gives them in pieces.
    """

    begin_ns: int
    samples: int
    read: Callable[[], Iterator[Samples]]

    @property
    def end_ns(self) -> int:
        """Time after its last sample."""
        return self.begin_ns + samples_to_ns(self.samples, RATE_HZ)


class StreamBlocks:
    """Where the blocks of one stream of sound lie, without their samples."""

    def __init__(self, messages: RecordedMessages) -> None:
        self._messages = messages
        self._row, self._position, self._count, self._rate_hz = (array("q") for _ in range(4))
        self._zeros_ns = array("q")
        """Of each block: when, by its own time, position 0 was."""

    def add(self, row: int, block: Audio) -> None:
        """Note a block: the `row`th of the messages."""
        self._row.append(row)
        self._position.append(block.position)
        self._count.append(block.samples)
        self._rate_hz.append(block.rate_hz)
        end_ns = samples_to_ns(block.position + block.samples, block.rate_hz)
        self._zeros_ns.append(block.origin_ns - end_ns)

    def runs(self) -> list[Run]:
        """Return the sound; where positions jump there is a gap.

        The position says where a block belongs; its time only where position 0 is, as the median
        of all, for blocks are late now and then.
        """
        if not self._row:
            return []
        zero_ns = round(median(self._zeros_ns))
        position, rate_hz = np.array(self._position), np.array(self._rate_hz)
        order = np.argsort(position / rate_hz, kind="stable")
        runs: list[Run] = []
        first, end = 0, -1
        for n, at in enumerate(order):
            begins_anew = self._rate_hz[at] != self._rate_hz[order[n - 1]]
            if n and (begins_anew or self._position[at] > end):
                runs.append(self._run(order[first:n], end, zero_ns))
                first, end = n, -1
            end = max(end, self._position[at] + self._count[at])
        runs.append(self._run(order[first:], end, zero_ns))
        return runs

    def _run(self, order: NDArray[np.int64], end: int, zero_ns: int) -> Run:
        begin, rate_hz = self._position[order[0]], self._rate_hz[order[0]]
        return Run(
            zero_ns + samples_to_ns(begin, rate_hz),
            (end - begin) * RATE_HZ // rate_hz,
            lambda: resampled(self._read(order), rate_hz),
        )

    def _read(self, order: NDArray[np.int64]) -> Iterator[Samples]:
        end = self._position[order[0]]
        for at in order:
            block = self._messages[self._row[at]].frame()
            assert isinstance(block, Audio)
            yield to_samples(block.pcm)[max(0, end - block.position) :]
            end = max(end, block.position + block.samples)


Answer = tuple[str, int, str]
"""Turn, epoch and backend of an answer."""


class AnswerRuns:
    """What was heard of the answers, where only the answers were recorded and how far they got."""

    def __init__(self, messages: RecordedMessages) -> None:
        self._messages = messages
        self._rows: defaultdict[Answer, list[int]] = defaultdict(list)
        self._rates_hz: dict[Answer, int] = {}
        self._heard: defaultdict[Answer, int] = defaultdict(int)
        self._whole = lru_cache(ANSWERS_KEPT)(self._joined)
        self._reports: list[Playback] = []

    def add(self, row: int, frame: AnswerAudio | Playback) -> None:
        """Note a block of an answer, the `row`th of the messages, or how far one was heard."""
        if isinstance(frame, Playback):
            self._reports.append(frame)
            return
        self._rows[_answer(frame)].append(row)
        self._rates_hz[_answer(frame)] = frame.rate_hz

    def runs(self) -> list[Run]:
        """Cut the answers into what was heard between two reports of playback."""
        return [run for each in self._reports for run in self._since_the_last(each)]

    def _since_the_last(self, report: Playback) -> Iterator[Run]:
        answer = _answer(report)
        if answer not in self._rows or report.played_samples <= self._heard[answer]:
            return
        rate_hz = self._rates_hz[answer]
        samples = (self._heard[answer], report.played_samples)
        first, end = (n * RATE_HZ // rate_hz for n in samples)
        self._heard[answer] = report.played_samples
        begin_ns = report.at_ns - samples_to_ns(end - first, RATE_HZ)
        yield Run(begin_ns, end - first, lambda: iter([self._whole(answer)[first:end]]))

    def _joined(self, answer: Answer) -> Samples:
        blocks: list[AnswerAudio] = []
        for row in self._rows[answer]:
            block = self._messages[row].frame()
            assert isinstance(block, AnswerAudio)
            blocks.append(block)
        size = max(each.position + len(each.pcm) // SAMPLE_BYTES for each in blocks)
        joined = np.zeros(size, np.int16)
        for each in blocks:
            samples = to_samples(each.pcm)
            joined[each.position : each.position + len(samples)] = samples
        return np.concatenate(list(resampled([joined], blocks[0].rate_hz)))


def resampled(pieces: Iterable[Samples], rate_hz: int) -> Iterator[Samples]:
    """Give the same sound at `RATE_HZ`, in pieces of any length."""
    if rate_hz == RATE_HZ:
        yield from pieces
        return
    import soxr

    stream = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="int16")
    for piece in pieces:
        yield stream.resample_chunk(np.ascontiguousarray(piece))
    yield stream.resample_chunk(np.zeros(0, np.int16), last=True)


def laid_out(runs: Iterable[Run], begin_ns: int, count: int, window: int) -> Iterator[Samples]:
    """Give `count` samples at `RATE_HZ` from `begin_ns` on, silent where there is no run.

    They come in pieces of `window` samples, the last of which may be shorter.
    """
    waiting = deque(sorted(runs, key=lambda run: run.begin_ns))
    playing: list[_Playing] = []
    for first in range(0, count, window):
        track = np.zeros(min(window, count - first), np.int16)
        while waiting and _at(waiting[0], begin_ns) < first + len(track):
            playing.append(_Playing(waiting[0], _at(waiting[0], begin_ns)))
            waiting.popleft()
        playing = [each for each in playing if each.fill(track, first)]
        yield track


class _Playing:
    """A run that is being laid out; `at` is where its next sample belongs."""

    def __init__(self, run: Run, at: int) -> None:
        self._at = at
        self._left = run.samples
        self._pieces = run.read()
        self._piece = np.zeros(0, np.int16)

    def fill(self, track: Samples, first: int) -> bool:
        """Put into the track, which begins at `first`, what belongs there; return what is left."""
        while self._left and self._at < first + len(track):
            if not len(self._piece):
                piece = next(self._pieces, None)
                if piece is None:
                    return False
                self._piece = piece[: self._left]
                continue
            part = self._piece[: first + len(track) - self._at]
            begin, end = max(0, self._at - first), self._at - first + len(part)
            if end > begin:
                track[begin:end] = part[begin - end :]
            self._piece = self._piece[len(part) :]
            self._at += len(part)
            self._left -= len(part)
        return self._left > 0


def _at(run: Run, begin_ns: int) -> int:
    return round((run.begin_ns - begin_ns) * RATE_HZ / 1e9)


def _answer(frame: AnswerAudio | Playback) -> Answer:
    return frame.turn, frame.epoch, frame.backend
