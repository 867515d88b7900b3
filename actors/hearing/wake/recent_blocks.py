"""The newest blocks of a microphone, for what turns out to have been said to the robot."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from actors.hearing.wake.word_end import (
    FLOOR_SAMPLES,
    LEAD_SAMPLES,
    BlockLevel,
    pause_level_dbfs,
    word_end,
)
from actors.lib.audio.pcm import SAMPLE_BYTES, SPEECH_RATE_HZ, level_dbfs, to_samples
from pipeline.frames import Audio

KEPT_SAMPLES = FLOOR_SAMPLES + SPEECH_RATE_HZ
"""What the level of the room is taken from, and what the turn detection may be late by."""


class RecentBlocks:
    """Blocks in order, each with its level; never on disk, and gone after 3 s."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[Audio, BlockLevel]] = deque()
        self.end = 0
        """One past the newest sample."""

    def add(self, frame: Audio) -> None:
        """Take a block that follows the others."""
        self.end = frame.position + frame.samples
        level = level_dbfs(to_samples(frame.pcm))
        self._blocks.append((frame, BlockLevel(frame.position, self.end, level)))
        while self._blocks[0][1].end < self.end - KEPT_SAMPLES:
            self._blocks.popleft()

    @property
    def levels(self) -> list[BlockLevel]:
        """Of all blocks, the oldest first."""
        return [level for _, level in self._blocks]

    def since(self, position: int) -> Iterator[Audio]:
        """Yield what there is from a sample on."""
        for frame, level in self._blocks:
            if level.end <= position and not frame.final:
                continue
            cut = min(max(0, position - frame.position), frame.samples)
            if not cut:
                yield frame
            else:
                pcm = frame.pcm[cut * SAMPLE_BYTES :]
                yield frame.model_copy(update={"position": frame.position + cut, "pcm": pcm})


class Passage:
    """What is passed on of the sound once the gate is open, each sample once."""

    def __init__(self) -> None:
        self.recent = RecentBlocks()
        self.next = 0
        """First sample that may be passed on."""
        self._detected: int | None = None
        self._limit_dbfs = 0.0

    def begin_at(self, position: int) -> None:
        """Pass on nothing from before a sample."""
        self.next = max(self.next, position)

    def begin_after_word(self) -> None:
        """Pass on nothing of the word that was just detected; where it ended is to be found out."""
        self._detected = self.recent.end
        self._limit_dbfs = pause_level_dbfs(self.recent.levels, self._detected)

    def close(self) -> None:
        """The gate is closed: nobody waits for the end of a word."""
        self._detected = None

    @property
    def waits(self) -> bool:
        """Whether it is not known yet where the word ended."""
        return self._detected is not None

    def word_alone(self) -> bool:
        """Look for the end of the word; return whether it has just been found before a pause."""
        if self._detected is None:
            return False
        begin = word_end(self.recent.levels, self._detected, self._limit_dbfs)
        if begin is None:
            return False
        alone = begin > self._detected - LEAD_SAMPLES
        self._detected = None
        self.begin_at(begin)
        return alone

    def pass_on(self) -> Iterator[Audio]:
        """Yield what may be passed on and was not yet."""
        if self._detected is None:
            yield from self.recent.since(self.next)
            self.next = max(self.next, self.recent.end)
