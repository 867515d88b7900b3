"""Telephone sound, `python -m benchmarks.telephone_sound`: words understood and turns found.

What is said goes through a line (300 to 3400 Hz, mu-law, noise, lost messages, echo of an answer)
and is converted to 16 kHz as calls do, and by soxr's resamplers; it is measured how much each
holds back, too. The table of `benchmarks.telephone_echo` says what is done about echo.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples, to_pcm
from actors.lib.speech.recognizer import MoonshineRecognizer
from actors.recordings.evaluation.noise import LEAD_S, with_noise
from actors.recordings.evaluation.recordings import Interval
from actors.recordings.evaluation.words import word_errors
from benchmarks.quiet import TurnErrors, errors, turns
from benchmarks.telephone_line import (
    CONVERTERS,
    LINE,
    Convert,
    LineFaults,
    Said,
    answer,
    carry,
    recorded,
    synthesized,
)

CONDITIONS = (
    LineFaults(),
    LineFaults(snr_db=20),
    LineFaults(snr_db=10),
    LineFaults(lost=0.01),
    LineFaults(lost=0.03),
    LineFaults(lost=0.05),
    LineFaults(echo_db=-30),
    LineFaults(echo_db=-20),
    LineFaults(snr_db=20, lost=0.01, echo_db=-30),
)
SEEDS = 3
"""Of what is lost: which messages they are decides more than how many."""
TAIL_S = 1.5
"""Ends a turn."""
ROUNDS = 2000
SAMPLES_A_MS = SPEECH_RATE_HZ / 1000
"""Samples in a ms."""

Hear = Callable[[Said, int], Samples]
"""What comes of a sentence, with a seed, at 16 kHz."""


@dataclass
class Score:
    """What was understood, and found."""

    words: int = 0
    wrong: int = 0
    turns: TurnErrors = field(default_factory=TurnErrors)

    def __str__(self) -> str:
        return f"{self.wrong / self.words * 100:.1f} %, {' '.join(map(str, self.turns))}"


async def score(ears: MoonshineRecognizer, said: Sequence[Said], hear: Hear, seeds: int) -> Score:
    """Let all sentences be heard."""
    result = Score()
    for seed in range(seeds * len(said)):
        each = said[seed % len(said)]
        heard = hear(each, seed)
        words = word_errors(each.words, await ears.hear(to_pcm(heard), SPEECH_RATE_HZ))
        spoken = Interval(*(LEAD_S + at / SPEECH_RATE_HZ for at in (each.first, each.last)))
        result.words += words.reference
        result.wrong += words.errors
        result.turns = result.turns.plus(errors(turns(heard, 0.0), [spoken]))
    return result


def by_line(faults: LineFaults, convert: Convert) -> Hear:
    """Return how sentences are heard by telephone."""

    def hear(said: Said, seed: int) -> Samples:
        return convert(_carried(said, faults, seed))

    return hear


@cache
def _carried(said: Said, faults: LineFaults, seed: int) -> list[bytes]:
    sound = with_noise(said.sound, TAIL_S, faults.snr_db)
    return carry(sound, faults, answer() if faults.echo_db is not None else None, seed)


def in_the_room(said: Said, _seed: int) -> Samples:
    """Return a sentence as it is without a telephone."""
    return with_noise(said.sound, TAIL_S)


async def understood(said: Sequence[Said]) -> Table:
    """Return the table of words and turns."""
    title = "wrong words, turns missed / false / cut / begun late / ended early"
    table = Table(box=box.MARKDOWN, title=title)
    for column in ("line", "words", *CONVERTERS):
        table.add_column(column, justify="right")
    ears = MoonshineRecognizer()
    await ears.start()
    wide = await score(ears, said, in_the_room, 1)
    table.add_row("none: 16 kHz", str(wide.words), str(wide), "", "")
    for faults in CONDITIONS:
        seeds = SEEDS if faults.lost else 1
        scores = [
            await score(ears, said, by_line(faults, each.whole), seeds)
            for each in CONVERTERS.values()
        ]
        table.add_row(str(faults), str(scores[0].words), *map(str, scores))
        _carried.cache_clear()
    await ears.stop()
    return table


def held_back(said: Sequence[Said]) -> Table:
    """Return the table of what conversions hold back, and take of a processor."""
    table = Table(box=box.MARKDOWN, title="held back after each message of 20 ms")
    for column in ("8 to 16 kHz", "least, ms", "mean", "most", "us a message"):
        table.add_column(column, justify="right")
    messages = [each for one in said for each in carry(one.sound, LineFaults())]
    for name, converter in CONVERTERS.items():
        feed, held_ms, behind_ms = converter.begin(), [], 0.0
        for message in messages:
            behind_ms += len(message) / LINE.bytes_of(1) - len(feed(message)) / SAMPLES_A_MS
            held_ms.append(behind_ms)
        began_s = time.process_time()
        for message in messages[:ROUNDS]:
            feed(message)
        cost_us = (time.process_time() - began_s) / len(messages[:ROUNDS]) * 1e6
        figures = (min(held_ms), float(np.mean(held_ms)), max(held_ms))
        table.add_row(name, *(f"{each:.1f}" for each in figures), f"{cost_us:.0f}")
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recorded-only", action="store_true", help="without synthesized speech")
    arguments = parser.parse_args()
    console = Console(width=160)
    said = list(recorded())
    console.print(held_back(said))
    console.print(asyncio.run(understood(said)))
    if not arguments.recorded_only:
        console.print(asyncio.run(understood(list(synthesized()))))


if __name__ == "__main__":
    main()
