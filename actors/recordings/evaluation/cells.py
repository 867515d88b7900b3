"""Grid of cells: recordings by variants by noises. Pure but for reading sound."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from actors.lib.audio.pcm import Samples
from actors.recordings.evaluation.noise import LEAD_S, with_noise
from actors.recordings.evaluation.recordings import Recorded, duration_s
from actors.recordings.evaluation.variants import Variant


@dataclass(frozen=True)
class Background:
    """What else the microphone hears.

    Attributes:
        tail_s: Time behind the recording.
        snr_db: Power of the speech over that of the noise; None is no noise.
        noise: Recording of it; None is pink noise.
    """

    tail_s: float
    snr_db: float | None = None
    noise: Recorded | None = None

    @property
    def name(self) -> str:
        """In tables and pictures; empty without noise."""
        return "" if self.snr_db is None else f"SNR {self.snr_db:g} dB"


@dataclass(frozen=True)
class Cell:
    """One recording through one pipeline."""

    recording: Recorded
    variant: Variant
    background: Background

    @cached_property
    def key(self) -> str:
        """The same for a cell that would be run the same way again."""
        noise = self.background.noise
        what = {
            "recording": self.recording.digest,
            "config": self.variant.config.model_dump(mode="json"),
            "lead_s": LEAD_S,
            "tail_s": self.background.tail_s,
            "snr_db": self.background.snr_db,
            "noise": noise.digest if noise else None,
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    @cached_property
    def length_s(self) -> float:
        """Of the recording."""
        return duration_s(self.recording.samples())

    def microphone_samples(self) -> Samples:
        """Return what the microphone hears, 16 kHz.

        Raises:
            DeviceError: a recording cannot be read.
        """
        noise = self.background.noise
        return with_noise(
            self.recording.samples(),
            self.background.tail_s,
            self.background.snr_db,
            noise.samples() if noise else None,
        )

    @property
    def group(self) -> str:
        """Name of the variant, and of the noise if there is some."""
        return ", ".join(each for each in (self.variant.name, self.background.name) if each)


def grid(
    recordings: Sequence[Recorded], variants: Sequence[Variant], backgrounds: Sequence[Background]
) -> list[Cell]:
    """Return the cells, the variants of one recording next to each other.

    What the machine does besides then bears on all variants alike.
    """
    return [
        Cell(recording, variant, background)
        for recording in recordings
        for background in backgrounds
        for variant in variants
    ]


def file_stem(cell: Cell) -> str:
    """Return a name for files of the cell."""
    text = f"{cell.recording.name}-{cell.group}"
    return "".join(c if c.isalnum() or c in "-." else "_" for c in text)
