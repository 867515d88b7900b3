"""Coughs on telephones, `python -m benchmarks.telephone_noises`: do they cost anybody an answer?

An answer is heard, and comes back as an echo; somebody coughs into it, clears the throat, or puts a
cup down. Counted is what `vad` makes of what calls leave of that: whether the answer is held for a
moment and goes on, or is cut off. Last come people who interrupt it with words.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from actors.hearing.vad.endpointing import (
    Moment,
    RejectedSpeech,
    TentativeSpeech,
    TurnStarted,
)
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples
from actors.lib.speech.synthesizer import VOICE_RATE_HZ
from benchmarks.machine import description
from benchmarks.short_noises import NOISES, short_noise
from benchmarks.telephone_echo import STOP_S, call, found, suppressed
from benchmarks.telephone_line import SPEECH_RMS, LineFaults, Said, answer, recorded

LINES = (LineFaults(), LineFaults(echo_db=-30), LineFaults(echo_db=-20))
LEVELS_DB = (-10.0, 0.0, 6.0)
"""Beside speech: held away, as loud, and right into the mouthpiece."""
BEGIN_S = (2.0, 5.0, 9.0)
"""Into the answer; by then the echo of the line is known, or just not."""
SEEDS = 2
WITHIN_S = 2.5
"""What is found later is not of this noise."""


@dataclass
class Taken:
    """What noises of one kind were taken for.

    Attributes:
        noises: How many there were.
        held_ms: For how long each held the answer, of those that did.
        cut: How many cut it off.
    """

    noises: int = 0
    held_ms: list[float] = field(default_factory=list)
    cut: int = 0

    def add(self, sound: Samples, begin_s: float, faults: LineFaults) -> None:
        """Judge what is made of a sound that begins so late in the answer."""
        self.noises += 1
        begun_s = _begun_s(_found(sound, begin_s, faults, answer()))
        if begun_s is None:
            return
        # The answer is held as soon as somebody may be speaking.
        played = answer()[: round((begun_s + STOP_S) * VOICE_RATE_HZ)]
        for known_s, moment in _found(sound, begin_s, faults, played):
            match moment:
                case RejectedSpeech():
                    self.held_ms.append((known_s - begun_s) * 1000)
                    break
                case TurnStarted():
                    self.cut += 1
                    break

    def cells(self) -> list[str]:
        """Return the cells of a row."""
        held = self.held_ms
        held_ms = f"{np.median(held):.0f}, {max(held):.0f}" if held else "-"
        return [f"{len(held)} of {self.noises}", held_ms, f"{self.cut} of {self.noises}"]


def _found(
    sound: Samples, begin_s: float, faults: LineFaults, played: Samples
) -> list[tuple[float, Moment]]:
    """What is found in what calls hear of a sound that begins so late in an answer."""
    line = call(Said("", sound, 0, len(sound)), begin_s, faults, played)
    heard = suppressed(line[: round((begin_s + WITHIN_S) * SPEECH_RATE_HZ)], played)
    return [each for each in found(heard) if each[0] >= begin_s]


def _begun_s(moments: list[tuple[float, Moment]]) -> float | None:
    return next((at_s for at_s, each in moments if isinstance(each, TentativeSpeech)), None)


def noise_taken(name: str, level_db: float, faults: LineFaults) -> Taken:
    """Let noises of a kind come into the answer."""
    taken = Taken()
    for seed in range(SEEDS):
        sound = short_noise(name, seed, SPEECH_RMS * 10 ** (level_db / 20))
        for begin_s in BEGIN_S:
            taken.add(sound, begin_s, faults)
    return taken


def people_taken(faults: LineFaults) -> Taken:
    """Let people interrupt it."""
    taken = Taken()
    for said in recorded():
        for begin_s in BEGIN_S:
            taken.add(said.sound, begin_s, faults)
    return taken


def main() -> None:
    """Print the table."""
    table = Table(box=box.MARKDOWN)
    for column in ("sound", "line", "beside speech", "held", "ms p50, most", "cut off"):
        table.add_column(column, justify="right")
    for name in NOISES:
        for faults in LINES:
            for level_db in LEVELS_DB:
                cells = noise_taken(name, level_db, faults).cells()
                table.add_row(name, str(faults), f"{level_db:+g} dB", *cells)
    for faults in LINES:
        table.add_row("people", str(faults), "+0 dB", *people_taken(faults).cells())
    Console(width=140).print(table)
    print(description())


if __name__ == "__main__":
    main()
