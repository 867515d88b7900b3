"""Quiet microphones, `python -m benchmarks.quiet`: turns found with and without a gain."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from actors.hearing.vad.endpointing import Moment, TurnEnded
from actors.hearing.vad.engine import Engine, EngineName, load_engine
from actors.hearing.vad.level import MOST_DB, LevelControl
from actors.hearing.vad.options import VadOptions
from actors.hearing.vad.stream import Answered, Judging, VoiceStream
from actors.lib.audio.pcm import Samples
from actors.recordings.evaluation.noise import pink, with_noise
from actors.recordings.evaluation.recordings import Interval, find_recordings
from benchmarks.sound import RATE_HZ, SPEECH

SOFTER_DB = (0, -20, -30, -40, -46)
SNRS_DB = (None, 20, 10, 5)
NOISES_DBFS = (-70, -60, -50, -40, -30)
TAIL_S, NOISE_S = 4.0, 60.0
LEAD_S = 1.0
"""What `with_noise` puts before the recording."""
LOST_S = 0.3
"""A word is longer, the last syllable of one not always."""
GAINS_DB = (0.0, MOST_DB)


class TurnErrors(NamedTuple):
    """What went wrong, in turns."""

    missed: int = 0
    false: int = 0
    cut: int = 0
    begun_late: int = 0
    ended_early: int = 0

    def plus(self, other: TurnErrors) -> TurnErrors:
        """Return both together."""
        return TurnErrors(*(a + b for a, b in zip(self, other, strict=True)))


def turns(sound: Samples, gain_db: float, engine: EngineName = EngineName.SILERO) -> list[Interval]:
    """Return the turns that `vad` finds with its usual options."""
    options = VadOptions()
    detector = load_engine(engine, Path())()
    limits = options.limits(detector.window_samples)
    stream = VoiceStream(detector, limits, Counter(), level=LevelControl(gain_db))
    ended = [*turn_ends(stream.feed(0, sound), detector), *turn_ends(stream.finish(), detector)]
    return [Interval(each.start / RATE_HZ, each.voiced_end / RATE_HZ) for each in ended]


def turn_ends(judging: Judging, detector: Engine) -> list[TurnEnded]:
    """Judge what a stream asks for; return the turns that ended."""
    return [each for each in judged(judging, detector) if isinstance(each, TurnEnded)]


def judged(judging: Judging, detector: Engine) -> list[Moment]:
    """Judge what a stream asks for; return what it found out."""
    answer: Answered = None
    try:
        while True:
            asked = judging.send(answer)
            if isinstance(asked, asyncio.Future):
                answer = asked.result()
            else:
                answer = detector.probability(asked)
    except StopIteration as stopped:
        moments: list[Moment] = stopped.value
        return moments


def errors(found: Sequence[Interval], said: Sequence[Interval]) -> TurnErrors:
    """Compare the turns that were found with those that were said."""
    of = {turn: [each for each in found if each.overlap_s(turn) > 0.1] for turn in said}
    known = {each for several in of.values() for each in several}
    return TurnErrors(
        missed=sum(not several for several in of.values()),
        false=len(set(found) - known),
        cut=sum(max(0, len(several) - 1) for several in of.values()),
        begun_late=sum(
            bool(several) and min(several).start_s > turn.start_s + LOST_S
            for turn, several in of.items()
        ),
        ended_early=sum(
            bool(several) and max(several).end_s < turn.end_s - LOST_S
            for turn, several in of.items()
        ),
    )


def spoken(softer_db: float, snr_db: float | None, gain_db: float) -> TurnErrors:
    """Return the errors in all of tests/speech, made softer with the noise in it."""
    total = TurnErrors()
    for each in find_recordings([SPEECH]):
        sound = with_noise(each.samples(), TAIL_S, snr_db) * 10 ** (softer_db / 20)
        said = [Interval(a + LEAD_S, b + LEAD_S) for a, b in each.reference.turns or ()]
        total = total.plus(errors(turns(sound.round().astype(np.int16), gain_db), said))
    return total


def noises() -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield noises of a room in which nobody speaks, of power 1."""
    count = round(NOISE_S * RATE_HZ)
    random = np.random.default_rng(2)
    at = np.arange(count) / RATE_HZ
    clicks = np.zeros(count)
    for begin in random.integers(0, count - 800, 240):
        clicks[begin : begin + 800] += random.standard_normal(800) * np.exp(-np.arange(800) / 80)
    hum = np.sin(2 * np.pi * 50 * at) + 0.3 * np.sin(2 * np.pi * 150 * at)
    beeps = np.sin(2 * np.pi * 880 * at) * (at % 3 < 0.5)
    gusts = pink(count) * (1 + np.sin(2 * np.pi * at / 7)) ** 2
    kinds = {
        "pink": pink(count), "white": random.standard_normal(count), "typing": clicks,
        "hum": hum, "beeps": beeps, "gusts": gusts,
    }  # fmt: skip
    for name, sound in kinds.items():
        yield name, sound / sound.std()


def false_turns(noise: NDArray[np.float64], dbfs: float, gain_db: float) -> int:
    """Return the turns found in noise of this level, with the hiss of a microphone under it."""
    hiss = np.random.default_rng(4).standard_normal(len(noise)) * 32_768 * 10 ** (-80 / 20)
    sound = (noise * 32_768 * 10 ** (dbfs / 20) + hiss).round().clip(-32_768, 32_767)
    return len(turns(sound.astype(np.int16), gain_db))


def main() -> None:
    """Print both tables."""
    table = Table(box=box.MARKDOWN, title="missed / false / cut / begun late / ended early")
    for column in ("softer by, dB", "SNR, dB", "without gain", "with"):
        table.add_column(column, justify="right")
    for softer_db in SOFTER_DB:
        for snr_db in SNRS_DB:
            results = [" ".join(map(str, spoken(softer_db, snr_db, gain))) for gain in GAINS_DB]
            table.add_row(str(softer_db), str(snr_db or "-"), *results)
    Console().print(table)
    table = Table(box=box.MARKDOWN, title="false turns in a minute of noise, without and with gain")
    for column in ("noise", *(f"{dbfs} dBFS" for dbfs in NOISES_DBFS)):
        table.add_column(column, justify="right")
    for name, noise in noises():
        row = [[false_turns(noise, dbfs, gain) for gain in GAINS_DB] for dbfs in NOISES_DBFS]
        table.add_row(name, *(f"{without} {with_gain}" for without, with_gain in row))
    Console().print(table)


if __name__ == "__main__":
    main()
