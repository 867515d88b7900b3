"""Runs cells, several at a time, each in a process with folders of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from actors.lib.audio.pcm import SPEECH_RATE_HZ
from actors.lib.audio.wav_file import WavFile
from actors.lib.owned_folder import OwnedFolder
from actors.recordings.evaluation.cells import Cell, file_stem
from actors.recordings.evaluation.noise import LEAD_S
from actors.recordings.evaluation.observation import Observed
from actors.recordings.evaluation.stand_ins import with_recording
from pipeline.end_signals import unless_ended
from pipeline.errors import GreenroomError

MOST_EXTRA_S = 240.0
"""Longer than a recording no pipeline may take: start-up on a small and busy machine, then an
answer as long as the longest that the deadlines of the ledger let pass."""
STOP_DEADLINE_S = 30.0
"""Each of ten actors has 3 s to stop."""
FOLDER = "grc-"
"""Prefix of the folder of a cell."""
ERROR_LINES = 3
"""Of the log of a process that ended without a word."""


class Watcher(Protocol):
    """Hears how it goes."""

    def begun(self, cell: Cell) -> None:
        """A cell is being run."""

    def finished(self, cell: Cell, observed: Observed) -> None:
        """A cell is done."""

    def failed(self, cell: Cell, reason: str) -> None:
        """A cell could not be run."""


def run_cells(cells: Sequence[Cell], jobs: int, watcher: Watcher, keep: Path | None = None) -> bool:
    """Run the cells; return whether that was all, and not broken off by a signal.

    Args:
        cells: What to run.
        jobs: How many at a time.
        watcher: Hears of each.
        keep: Folder for a recording (MCAP) and the log of each cell.
    """

    async def run() -> bool:
        loop = asyncio.get_running_loop()
        waiting = iter(cells)
        workers = [loop.create_task(_work(waiting, watcher, keep)) for _ in range(jobs)]
        try:
            return await unless_ended(asyncio.gather(*workers))
        finally:
            for worker in workers:
                worker.cancel()
            # Each first stops its pipeline.
            await asyncio.gather(*workers, return_exceptions=True)

    return asyncio.run(run())


async def _work(cells: Iterator[Cell], watcher: Watcher, keep: Path | None) -> None:
    for cell in cells:
        watcher.begun(cell)
        try:
            observed = await run_cell(cell, keep)
        except GreenroomError as error:
            watcher.failed(cell, str(error))
        else:
            watcher.finished(cell, observed)


async def run_cell(cell: Cell, keep: Path | None = None) -> Observed:
    """Run one cell in real time; return what happened.

    Raises:
        GreenroomError: the pipeline did not start, ended in an error, or did not end.
    """
    with OwnedFolder(FOLDER) as folder:
        base = folder.path
        sound, result = base / "heard.wav", base / "result.json"
        length_s = await asyncio.to_thread(_write, cell, sound)
        kept = (keep or base) / file_stem(cell)
        kept.parent.mkdir(parents=True, exist_ok=True)
        job = {
            "config": _config(cell, sound, base / "answer.wav", kept if keep else None),
            "path": str(cell.variant.path),
            "lead_s": LEAD_S,
            "duration_s": length_s + MOST_EXTRA_S,
            "parent": os.getpid(),
            "result": str(result),
        }
        log = kept.with_name(f"{kept.name}.log")
        await _process(job, log, base)
        return _result(result, log)


def _write(cell: Cell, path: Path) -> float:
    samples = cell.microphone_samples()
    file = WavFile(path, SPEECH_RATE_HZ, append=False)
    try:
        file.write(samples)
    finally:
        file.close()
    return len(samples) / SPEECH_RATE_HZ


def _config(cell: Cell, sound: Path, answer: Path, kept: Path | None) -> dict[str, Any]:
    variant = cell.variant
    config = with_recording(variant.as_json(), sound, answer, variant.path.resolve().parent)
    if kept is not None:
        options = {"path": f"{kept.absolute()}.mcap"}
        config["actors"]["evaluation_recorder"] = {"use": "recorder", "options": options}
    return config


async def _process(job: Mapping[str, Any], log: Path, folder: Path) -> None:
    environment = {
        # What Ray tells its workers is not for what they start.
        **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        "XDG_RUNTIME_DIR": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    with log.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "actors.recordings.evaluation.cell_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=sink,
            stderr=sink,
            env=environment,
            # Control-C is for this process, which tells the pipelines to stop.
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(job["duration_s"] + STOP_DEADLINE_S):
                await process.communicate(json.dumps(job).encode())
        except TimeoutError:
            raise GreenroomError("the pipeline did not end; it was stopped") from None
        finally:
            await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_DEADLINE_S):
            await process.wait()
    except TimeoutError:
        # Its actors die with it.
        process.kill()
        await process.wait()


def _result(path: Path, log: Path) -> Observed:
    if not path.exists():
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-ERROR_LINES:]
        raise GreenroomError(f"the pipeline ended without a word: {' | '.join(last) or 'no log'}")
    found = json.loads(path.read_text(encoding="utf-8"))
    if "error" in found:
        raise GreenroomError(found["error"])
    return Observed.model_validate(found["observed"])
