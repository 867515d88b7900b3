"""The newest seconds of the microphone, cut by position."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap

RATE_HZ = 16_000
"""Microphone streams of the pipeline; also what the service takes without resampling."""
PREROLL_S = 5
"""Before a turn is known of, whose start lies in the past: 0.3 s as a rule, and 2 s more when the
actor that finds turns was killed and had to catch up. 160 KB."""
SETTLING_S = 20
"""After a restart what was retained comes at once, 15 s of sound and the turns in it in any order:
until so much has come in all, nothing is forgotten."""
MOST_S = 120
"""What is held for turns that wait for a connection: 3.8 MB."""

PAGE_SAMPLES = 8 * 1024
"""Samples in a page, half a second: 16 KiB, four pages of memory on most machines, one on some."""

LONGEST_MESSAGE = RATE_HZ // 2
"""Samples in one message when a whole turn is sent at once: 500 ms, 21 KB on the wire."""


class AudioRing:
    """Sound in PCM16 mono; a gap is filled with silence, so that positions stay true.

    It lies in pages that are mapped for it alone, so that what one long turn took goes back to
    the system: blocks of many sessions on the heap lie among all else, and hold it up. While as
    much is forgotten as comes, the page that is forgotten is the next to be written to: to give one
    back and have another is what takes most of the time (benchmarks/README.md, "Callers on
    WebSockets").

    Args:
        replayed: What was retained before this process began may be among what comes.
        kept: Newest samples that are kept in case a turn turns out to have begun in them.
        most: Samples that are kept at most, whoever needs them.
    """

    def __init__(
        self,
        *,
        replayed: bool,
        kept: int = PREROLL_S * RATE_HZ,
        most: int = MOST_S * RATE_HZ,
    ) -> None:
        self._pages: deque[mmap] = deque()
        self._spare: mmap | None = None
        """Forgotten last, and the next to be written to; what it holds still is not kept."""
        self._base = 0
        """Position of the first sample in the first page."""
        self._newest = (0, b"")
        self._kept = kept
        self._most = most
        self._settling = SETTLING_S * RATE_HZ if replayed else 0
        self._first: int | None = None
        self.start = 0
        """Position of the oldest sample kept."""
        self.end = 0
        """One past the newest sample."""
        self.gap_samples = 0

    def append(self, position: int, pcm: bytes, hold_from: int | None = None) -> None:
        """Take a block; samples heard before are cut off.

        Args:
            position: Index of its first sample.
            pcm: Signed 16-bit little-endian mono.
            hold_from: Oldest position still needed; kept beyond the usual time.
        """
        if self._first is None:
            self._first = self._base = self.start = self.end = position
        overlap = self.end - position
        if overlap > 0:
            pcm = pcm[overlap * 2 :]
            position = self.end
        if not pcm:
            return
        if position > self.end:
            self._fill_gap(position)
        self._newest = (position, pcm)
        self._write(pcm)
        self._forget(hold_from)

    def cut(self, start: int, end: int) -> bytes:
        """Return the samples from `start` to `end`, as far as they are kept."""
        position, newest = self._newest
        if position == start and end == self.end:
            return newest
        start, end = max(start, self.start), min(end, self.end)
        pieces: list[bytes] = []
        while start < end:
            number, at = divmod(start - self._base, PAGE_SAMPLES)
            upto = min(PAGE_SAMPLES, at + end - start)
            pieces.append(self._pages[number][at * 2 : upto * 2])
            start += upto - at
        return b"".join(pieces)

    def clear(self) -> None:
        """Forget all there is, and give back its memory."""
        self._begin_at(self.end)
        self._spare = None

    def messages(self, start: int, end: int) -> Iterator[bytes]:
        """Cut the samples from `start` to `end` into pieces that are fit to be sent."""
        while start < end:
            upto = min(end, start + LONGEST_MESSAGE)
            if pcm := self.cut(start, upto):
                yield pcm
            start = upto

    def _write(self, pcm: bytes) -> None:
        written = 0
        while written < len(pcm):
            at = 2 * (self.end - self._base - PAGE_SAMPLES * (len(self._pages) - 1))
            if not self._pages or at == 2 * PAGE_SAMPLES:
                self._pages.append(self._page())
                at = 0
            page = self._pages[-1]
            piece = pcm[written : written + 2 * PAGE_SAMPLES - at]
            page[at : at + len(piece)] = piece
            written += len(piece)
            self.end += len(piece) // 2

    def _page(self) -> mmap:
        spare, self._spare = self._spare, None
        # Private: what is shared would be counted as a file's.
        return spare or mmap(-1, 2 * PAGE_SAMPLES, MAP_PRIVATE | MAP_ANONYMOUS)

    def _fill_gap(self, position: int) -> None:
        gap = position - self.end
        self.gap_samples += gap
        if gap >= self._most:
            self._begin_at(position)
        else:
            self._write(bytes(gap * 2))

    def _begin_at(self, position: int) -> None:
        self._pages.clear()
        self._newest = (position, b"")
        self._base = self.start = self.end = position

    def _forget(self, hold_from: int | None) -> None:
        settled = self.end - (self._first or 0) > self._settling
        oldest = self.end - (self._kept if settled else self._settling)
        if hold_from is not None:
            oldest = min(oldest, hold_from)
        self.start = max(self.start, oldest, self.end - self._most)
        forgotten = (self.start - self._base) // PAGE_SAMPLES
        if forgotten:
            pages = [self._pages.popleft() for _ in range(forgotten)]
            self._base += forgotten * PAGE_SAMPLES
            # Those of a turn that was long go back.
            self._spare = pages[0] if forgotten == 1 else None
