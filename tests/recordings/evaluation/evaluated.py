"""Cells and what happened in them, made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from actors.lib.audio.wav_file import WavFile
from actors.recordings.evaluation.cells import Background, Cell
from actors.recordings.evaluation.observation import Observed, ObservedTurn
from actors.recordings.evaluation.recordings import find_recordings
from actors.recordings.evaluation.variants import make_variants

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "configs" / "demo.yaml"
ROBOT = ROOT / "configs" / "robot.yaml"
SPEECH = ROOT / "tests" / "speech"
CLEAN = Background(tail_s=2.0)


def write_sound(path: Path, samples: Any) -> Path:
    file = WavFile(path, 16_000, append=False)
    file.write(samples)
    file.close()
    return path


def cell(
    recording: Path = SPEECH / "goforward.wav",
    *overrides: str,
    name: str = "a",
    background: Background = CLEAN,
) -> Cell:
    options = [f"{name}:{each}" for each in overrides] or [name]
    (variant,) = make_variants([DEMO], [], options)
    (found,) = find_recordings([recording])
    return Cell(found, variant, background)


def turn(start_s: float | None, end_s: float | None, said: str = "", **fields: Any) -> ObservedTurn:
    known = {"outcome": "answered", "by": "live", "end_reason": "silence", **fields}
    return ObservedTurn(start_s=start_s, end_s=end_s, said=said, **known)


def observed(*turns: ObservedTurn, **fields: Any) -> Observed:
    return Observed(turns=turns, **{"money": 0.001, "currency": "USD", "tokens": 100, **fields})
