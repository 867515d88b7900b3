"""Results as tables for other programs: CSV, or Parquet where pyarrow is."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from actors.recordings.evaluation.observation import ObservedTurn
from actors.recordings.evaluation.scores import Score, middle, rate
from pipeline.errors import GreenroomError
from pipeline.files import replaced_whole
from pipeline.version import VERSION

CSV, PARQUET = ".csv", ".parquet"

Row = dict[str, Any]


def require_suffix(path: Path) -> None:
    """Check that a table can be written to `path`.

    Raises:
        GreenroomError: what to do about it.
    """
    if path.suffix not in (CSV, PARQUET):
        raise GreenroomError(f"{path}: results are written to {CSV} or {PARQUET}")
    if path.suffix == PARQUET and find_spec("pyarrow") is None:
        raise GreenroomError(
            f"{path}: Parquet needs a package: pip install 'greenroom[parquet]', or name a {CSV}"
        )


def turns_path(path: Path) -> Path:
    """Where the turns go, given where the cells do."""
    return path.with_name(f"{path.stem}-turns{path.suffix}")


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows over what is there.

    Raises:
        GreenroomError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_whole(path) as partial:
            (_write_parquet if path.suffix == PARQUET else _write_csv)(partial, columns, rows)
    except OSError as error:
        raise GreenroomError(f"cannot write {path}: {error.strerror or error}") from error


def cell_row(score: Score) -> Row:
    """One cell as a row; None is not known."""
    cell, observed, turns, words = score.cell, score.observed, score.turns, score.words
    outcomes = score.outcomes
    return {
        **_names(score),
        "duration_s": round(cell.length_s, 3),
        "labelled": cell.recording.reference.turns is not None,
        "turns_expected": turns.expected,
        "turns_found": len(observed.turns),
        "missed": turns.missed,
        "false": turns.false,
        "cut": turns.cut,
        "joined": turns.joined,
        "not_ended": score.not_ended,
        "speech_lost_s": None if turns.lost_s is None else round(turns.lost_s, 3),
        "reference_words": words.reference if words else None,
        "words_substituted": words.substituted if words else None,
        "words_deleted": words.deleted if words else None,
        "words_inserted": words.inserted if words else None,
        "word_error_rate": rate(words),
        "said": score.said,
        "answered": outcomes["answered"],
        "interrupted": outcomes["interrupted"],
        "failed": outcomes["failed"],
        "first_sound_ms": _rounded(middle(score.first_sound_ms)),
        "response_ms": _rounded(middle(score.response_ms)),
        "cost": observed.money,
        "currency": observed.currency,
        "tokens": observed.tokens,
        "unpriced_tokens": observed.unpriced_tokens,
        "started_late": observed.started_late,
        "greenroom": VERSION,
    }


def turn_rows(score: Score) -> list[Row]:
    """The turns of one cell as rows, times in s from the beginning of the recording."""
    return [{**_names(score), **turn.model_dump()} for turn in score.observed.turns]


CELL_COLUMNS = (
    *("recording", "variant", "snr_db", "duration_s", "labelled"),
    *("turns_expected", "turns_found", "missed", "false", "cut", "joined", "not_ended"),
    *("speech_lost_s", "reference_words", "words_substituted", "words_deleted", "words_inserted"),
    *("word_error_rate", "said", "answered", "interrupted", "failed"),
    *("first_sound_ms", "response_ms", "cost", "currency", "tokens", "unpriced_tokens"),
    *("started_late", "greenroom"),
)
"""Of `cell_row`."""
TURN_COLUMNS = ("recording", "variant", "snr_db", *ObservedTurn.model_fields)
"""Of `turn_rows`."""


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 1)


def _names(score: Score) -> Row:
    cell = score.cell
    return {
        "recording": cell.recording.name,
        "variant": cell.variant.name,
        "snr_db": cell.background.snr_db,
    }


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def _write_parquet(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: [row[name] for row in rows] for name in columns})
    # What is not known anywhere is a number: texts are empty instead.
    types = [pa.float64() if pa.types.is_null(each.type) else each.type for each in table.schema]
    schema = pa.schema(list(zip(table.column_names, types, strict=True)))
    pq.write_table(table.cast(schema), path)
