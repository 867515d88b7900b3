"""`greenroom evaluate`: recordings through pipelines, and what that comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

from actors.cli.choose import CONFIGS, GEMINI_BACKENDS, gemini_problem
from actors.cli.evaluate_running import Running
from actors.cli.evaluate_view import CellProgress, show_totals
from actors.recordings.evaluation.cells import Background, Cell, grid
from actors.recordings.evaluation.journal import CellJournal
from actors.recordings.evaluation.recordings import find_recordings
from actors.recordings.evaluation.scores import Score, score, totals
from actors.recordings.evaluation.table_file import (
    CELL_COLUMNS,
    TURN_COLUMNS,
    cell_row,
    require_suffix,
    turn_rows,
    turns_path,
    write_table,
)
from actors.recordings.evaluation.variants import Variant, make_variants
from actors.scale.cluster import require_ray
from actors.scale.place import parse_place
from pipeline.errors import GreenroomError

RAY_EXTRA = "ray"
"""Of greenroom: Ray without what serves."""
EXIT_FAILED = 1
"""Some cells could not be run."""
EXIT_INTERRUPTED = 130
"""As shells have it for Control-C."""
LEAST_COLUMNS = 130
"""In a file or pipe, where nobody tells how wide it is: what the table needs."""
PACKAGES = ("jiwer", "matplotlib")


@dataclass(frozen=True)
class Wanted:
    """What is to be run; as on the command line."""

    places: Sequence[Path]
    configs: Sequence[Path]
    sets: Sequence[str]
    variants: Sequence[str]
    snrs_db: Sequence[float]
    noise: Path | None
    tail_s: float


def evaluate_command(
    wanted: Wanted, output: Path, jobs: int | None, keep: Path | None, on: str | None = None
) -> int:
    """Run what is not finished yet, show all, and write tables and pictures next to `output`.

    Args:
        wanted: What is to be run.
        output: Table of the cells.
        jobs: Pipelines at a time; None: as many as there are cores, or slots in the cluster.
        keep: Folder for a recording and log of each cell.
        on: Where they run, as for `parse_place`; None: on this machine.

    Raises:
        GreenroomError: what is wanted cannot be run, or the results cannot be written.
    """
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise GreenroomError(f"no {' and '.join(missing)}: pip install 'greenroom[evaluate]'")
    require_suffix(output)
    place = parse_place(on) if on is not None else None
    if place is not None:
        require_ray(RAY_EXTRA)
    if keep is not None:
        from actors.services.recorder.actor import require_mcap

        require_mcap()
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, LEAST_COLUMNS))
    cells = _cells(wanted, console)
    with CellJournal(output.with_suffix(".sqlite")) as journal:
        return _evaluate(cells, journal, console, output, Running(place, jobs, keep))


def _evaluate(
    cells: Sequence[Cell],
    journal: CellJournal,
    console: Console,
    output: Path,
    running: Running,
) -> int:
    # Two files with the same sound, or two names of one config, are one cell.
    todo = list({each.key: each for each in cells if each.key not in journal.finished}.values())
    done = len(cells) - len(todo)
    known = f", {done} of them finished before ({journal.path})" if done else ""
    with running.started(todo) as (run, where):
        console.print(f"{len(cells)} cells{known}; {where}", highlight=False)
        with CellProgress(console, journal, len(todo)) as progress:
            whole = run(progress)
    scores = [
        score(each, journal.finished[each.key]) for each in cells if each.key in journal.finished
    ]
    if scores:
        show_totals(totals(scores), console)
        _write(scores, output, console)
    if not whole:
        left = len(cells) - len(scores)
        console.print(f"interrupted: {left} cells are left; the same command goes on with them")
        return EXIT_INTERRUPTED
    if progress.failures:
        console.print(f"{progress.failures} cells failed; the same command tries them again")
        return EXIT_FAILED
    return 0


def _cells(wanted: Wanted, console: Console) -> list[Cell]:
    recordings = find_recordings(wanted.places)
    variants = _variants(wanted, console)
    if wanted.noise is not None and not wanted.snrs_db:
        raise GreenroomError("--noise: say how loud with --snr-db, for example 10")
    noise = find_recordings([wanted.noise])[0] if wanted.noise else None
    if noise is not None:
        # What cannot be read is to be said before an hour of work, not in each cell.
        noise.samples()
    backgrounds = [
        Background(wanted.tail_s),
        *(Background(wanted.tail_s, snr_db, noise) for snr_db in dict.fromkeys(wanted.snrs_db)),
    ]
    console.print(
        f"{len(recordings)} recordings, {len(variants)} variants"
        + (f", {len(backgrounds)} backgrounds" if wanted.snrs_db else ""),
        highlight=False,
    )
    return grid(recordings, variants, backgrounds)


def _variants(wanted: Wanted, console: Console) -> list[Variant]:
    if wanted.configs:
        return make_variants(wanted.configs, wanted.sets, wanted.variants)
    problem = gemini_problem()
    console.print(f"answers: {f'simulator, {problem}' if problem else 'Gemini'}", highlight=False)
    overlay = {} if problem else _at_gemini()
    return make_variants([CONFIGS / "demo.yaml"], wanted.sets, wanted.variants, overlay)


def _at_gemini() -> dict[str, Any]:
    """What makes the demo ask Gemini instead of the simulator."""
    backend = {"after": None, "options": {"server_file": None}}
    return {"actors": {"simulator": None, **dict.fromkeys(GEMINI_BACKENDS, backend)}}


def _write(scores: Sequence[Score], output: Path, console: Console) -> None:
    from actors.recordings.evaluation.lanes import save_lanes
    from actors.recordings.evaluation.picture import save_picture

    turns, picture = turns_path(output), output.with_suffix(".png")
    folder = output.with_name(f"{output.stem}-recordings")
    write_table(output, CELL_COLUMNS, [cell_row(each) for each in scores])
    write_table(turns, TURN_COLUMNS, [row for each in scores for row in turn_rows(each)])
    by_recording: dict[str, list[Score]] = {}
    for each in scores:
        by_recording.setdefault(each.cell.recording.name, []).append(each)
    try:
        save_picture(totals(scores), picture)
        for name, members in by_recording.items():
            path = folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            save_lanes(members, path)
    except OSError as error:
        raise GreenroomError(f"cannot write the pictures: {error}") from error
    console.print(
        f"wrote {output} (cells), {turns} (turns), {picture}, {folder}/ (a picture for each "
        "recording)",
        highlight=False,
        soft_wrap=True,
    )
