"""`greenroom evaluate` with real pipelines."""

from __future__ import annotations

import asyncio
import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from evaluated import DEMO, SPEECH, cell

from actors.recordings.evaluation.cells import Cell
from actors.recordings.evaluation.runner import run_cell
from actors.recordings.evaluation.variants import Variant
from pipeline.config.load import load_config
from pipeline.errors import GreenroomError

GREENROOM = str(Path(sys.executable).parent / "greenroom")
KEYLESS = {"GEMINI_API_KEY": "", "GOOGLE_API_KEY": ""}


@contextmanager
def evaluating(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start the command; at the end nothing of it may be left."""
    process = subprocess.Popen(
        [GREENROOM, "evaluate", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**os.environ, **KEYLESS},
    )
    assert process.stdout is not None
    try:
        with process.stdout:
            yield process
        process.wait(60)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_broken_off_evaluation_goes_on_where_it_was(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    for name in ("cards-001.wav", "cards-001.labels.txt"):
        (recordings / name).write_bytes((SPEECH / name).read_bytes())
    (recordings / "broken.wav").write_bytes(b"no sound at all")
    arguments = (
        *("recordings", "--variant", "silero", "--jobs", "1", "--keep", "kept"),
        *("--variant", "energy:actors.vad.options.engine=energy"),
    )
    with evaluating(tmp_path, *arguments) as first:
        assert first.stdout is not None
        lines = []
        while not (lines and lines[-1].startswith("3/4 cards-001.wav (silero): 1 turn")):
            line = first.stdout.readline()
            assert line, lines
            lines.append(line)
        below = psutil.Process(first.pid).children(recursive=True)
        first.send_signal(signal.SIGINT)
        rest = first.stdout.read()
    assert first.returncode == 130, rest
    assert "interrupted: 3 cells are left" in rest
    _gone, alive = psutil.wait_procs(below, timeout=60)
    assert not alive
    (row,) = rows(tmp_path / "evaluation.csv")
    assert (row["variant"], row["missed"], row["word_error_rate"]) == ("silero", "0", "0.0")

    with evaluating(tmp_path, *arguments) as second:
        assert second.stdout is not None
        output = second.stdout.read()
    assert second.returncode == 1
    assert "4 cells, 1 of them finished before (evaluation.sqlite); 1 at a time" in output
    assert "broken.wav (silero): failed: " in output
    assert "3/3 cards-001.wav (energy): 1 turn" in output
    found = rows(tmp_path / "evaluation.csv")
    assert [each["variant"] for each in found] == ["silero", "energy"]
    for each in found:
        assert (each["turns_found"], each["missed"], each["cut"]) == ("1", "0", "0")
        assert each["said"].lower().strip(".") == "ten of clubs"
        assert each["answered"] == "1"
        assert float(each["first_sound_ms"]) > 0
        assert float(each["response_ms"]) > 0
        assert 0 < float(each["cost"]) < 0.1
    assert (tmp_path / "evaluation.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "evaluation-recordings" / "cards-001.wav.png").exists()
    assert sorted(each.name for each in (tmp_path / "kept").glob("cards*.mcap")) == [
        "cards-001.wav-energy.mcap",
        "cards-001.wav-silero.mcap",
    ]


def test_a_pipeline_that_does_not_start_says_why() -> None:
    wires = ["actors.live.inputs.speech=vad.spech"]
    wrong = Variant("wrong", DEMO, load_config(DEMO, wires))
    good = cell()
    with pytest.raises(GreenroomError, match="vad has no output port 'spech'"):
        asyncio.run(run_cell(Cell(good.recording, wrong, good.background)))


def test_what_cannot_work_is_said_before_anything_runs(tmp_path: Path) -> None:
    for arguments, problem in {
        (str(SPEECH), "--variant", "x:actors.vad.options.engin=y"): "did you mean 'engine'",
        (str(SPEECH), "-o", "results.xlsx"): "results are written to .csv or .parquet",
        (str(SPEECH), "--noise", "hum.wav"): "say how loud with --snr-db",
        (str(tmp_path),): "no recordings in",
    }.items():
        with evaluating(tmp_path, *arguments) as process:
            assert process.stdout is not None
            output = process.stdout.read()
        assert process.returncode == 2
        (error,) = [line for line in output.splitlines() if line.startswith("error: ")]
        assert problem in error
    assert not list(tmp_path.iterdir())
