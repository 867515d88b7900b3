"""Where a wake word ends and what is said to the robot begins. Pure.

A detector knows that a word was said, from 150 ms before its end to 300 ms after it, as the model
goes (`benchmarks.wake`). If a pause lies near, the word ended there, and nothing of it is passed
on: the rest of a word alone would be taken for a turn. If none does, the user went on in one
breath: then the beginning of the sentence must not be lost, and some of the word may be passed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from actors.lib.audio.pcm import SPEECH_RATE_HZ

LEAD_SAMPLES = SPEECH_RATE_HZ * 320 // 1000
"""The longest that a detector took after the end of a word (`benchmarks.wake`): alexa, 320 ms."""
EARLY_SAMPLES = SPEECH_RATE_HZ * 200 // 1000
"""The longest that one was early, 150 ms (hey_mycroft), and the voice dying away."""
PAUSE_SAMPLES = SPEECH_RATE_HZ * 200 // 1000
"""The shortest pause. Within a word the mouth is closed for 50 to 120 ms before p, t and k, and in
noise soft syllables beside that seem silent too: with 160 ms a fifth of the questions lost their
first 0.1 s in `benchmarks.wake`, with 200 ms one in 55."""
FLOOR_SAMPLES = 2 * SPEECH_RATE_HZ
"""Of which the quiet tenth is the room."""
WORD_SAMPLES = SPEECH_RATE_HZ * 800 // 1000
"""In which the word is the loudest."""
LEAST_FLOOR_DBFS = -60.0
"""Digital silence is not what a room sounds like in a pause: voices die away in it."""
MOST_ABOVE_DB, LEAST_ABOVE_DB = 12.0, 3.0
"""How far above the room a pause may be: with a clean microphone, and in noise, where more would
take soft syllables for a pause."""


class BlockLevel(NamedTuple):
    """How loud a block is.

    Attributes:
        position: Its first sample.
        end: One past its last sample.
        dbfs: Its level.
    """

    position: int
    end: int
    dbfs: float


def pause_level_dbfs(blocks: Sequence[BlockLevel], detected: int) -> float:
    """Return the level below which a block is a pause.

    Args:
        blocks: Those up to the detection, the oldest first; at least one.
        detected: Where a word was detected.
    """
    room = [each.dbfs for each in blocks if each.end > detected - FLOOR_SAMPLES]
    word = [each.dbfs for each in blocks if each.end > detected - WORD_SAMPLES]
    floor = max(LEAST_FLOOR_DBFS, sorted(room)[len(room) // 10])
    above = (max(word) - floor) / 4
    return floor + min(MOST_ABOVE_DB, max(LEAST_ABOVE_DB, above))


def word_end(blocks: Sequence[BlockLevel], detected: int, limit_dbfs: float) -> int | None:
    """Return from which sample on sound is passed on; None: more has to come first.

    Args:
        blocks: Those from `LEAD_SAMPLES` before the detection up to the newest.
        detected: Where a word was detected.
        limit_dbfs: See `pause_level_dbfs`.
    """
    earliest, latest = detected - LEAD_SAMPLES, detected + EARLY_SAMPLES
    quiet_since: int | None = None
    for block in blocks:
        if block.end <= earliest:
            continue
        if block.dbfs >= limit_dbfs:
            quiet_since = None
            if block.end > latest:
                return earliest
            continue
        if quiet_since is None:
            quiet_since = max(block.position, earliest)
        if quiet_since > latest:
            return earliest
        if block.end - quiet_since >= PAUSE_SAMPLES:
            return quiet_since
    return None
