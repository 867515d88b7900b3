"""The board as tables on a terminal. Pure."""

from __future__ import annotations

import unicodedata

from rich.style import Style
from rich.table import Table
from rich.text import Text

from actors.cli.watch.board import Board
from actors.cli.watch.rows import (
    STAGES,
    Mood,
    actor_rows,
    has_several,
    level_rows,
    route_rows,
    session_rows,
    stream_rows,
    turn_rows,
)
from pipeline.frames import Outcome

BAR_CELLS = 24
WORDY = ("state", "because", "labels")
"""Columns of words, which may take several lines."""
OUTCOME_STYLES = {Outcome.ANSWERED: "green", Outcome.INTERRUPTED: "yellow", Outcome.FAILED: "red"}
MOOD_STYLES = {Mood.GOOD: "green", Mood.WAITING: "yellow", Mood.BAD: "red"}


def plain(text: str, style: str | Style = "") -> Text:
    """Text from outside, as it is: no markup in it, and nothing that steers the terminal."""
    kept = "".join(char for char in text if unicodedata.category(char) != "Cc" or char == "\n")
    return Text(kept, style)


def actors_table(board: Board) -> Table:
    """Actors with state, restarts and memory."""
    table = _table("actor", "state", wide="state", right=("restarts", "MiB"))
    for row in actor_rows(board):
        state = plain(row.state, MOOD_STYLES[row.mood])
        table.add_row(plain(row.actor), state, str(row.restarts), _whole(row.memory_mib))
    return table


def streams_table(board: Board) -> Table:
    """Streams with rate, age in ms, and drops."""
    table = _table("stream", wide="stream", right=("Hz", "p50", "p99", "drops"))
    for row in stream_rows(board):
        table.add_row(
            plain(row.stream, "" if row.rate_hz else "dim"),
            _tenths(row.rate_hz or None),
            _tenths(row.age_p50_ms),
            _tenths(row.age_p99_ms),
            Text(str(row.drops), "red" if row.drops else "dim"),
        )
    return table


def levels_table(board: Board) -> Table:
    """How loud each stream of sound is."""
    table = _table("sound", "", wide="sound", right=("dBFS",))
    for row in level_rows(board):
        cells = round(row.share * BAR_CELLS)
        bar = Text("█" * cells, "red" if row.loud else "green")
        bar.append("·" * (BAR_CELLS - cells), "dim")
        table.add_row(plain(row.stream), bar, _whole(row.level_dbfs))
    return table


def routes_table(board: Board) -> Table:
    """Who answered when, and why; the newest first."""
    several = has_several(board)
    table = _table("at", *_session_column(several), "backend", "because", wide="because")
    for row in route_rows(board):
        whose = [plain(row.session)] if several else []
        table.add_row(row.at, *whose, plain(row.backend), plain(row.reason))
    return table


def turns_table(board: Board) -> Table:
    """Where the time went in each turn, in ms; the newest first."""
    stages = ("capture", *STAGES.values(), "first sound", "playback")
    several = has_several(board)
    left = ("turn", *_session_column(several), "outcome", "backend")
    table = _table(*left, wide="backend", right=stages)
    for row in turn_rows(board):
        table.add_row(
            row.at,
            *([plain(row.session)] if several else []),
            Text(row.outcome.value, OUTCOME_STYLES[row.outcome]),
            plain(row.backend),
            *map(_whole, (*row.stages_ms.values(), row.first_sound_ms, row.playback_ms)),
        )
    return table


def sessions_table(board: Board) -> Table:
    """The conversations that go on; the newest first."""
    right = ("turns", "cost")
    table = _table("since", "session", "labels", "last turn", wide="labels", right=right)
    for row in session_rows(board):
        table.add_row(
            row.at,
            plain(row.session),
            plain(row.labels),
            row.outcome or "-",
            str(row.turns),
            row.cost or "-",
        )
    return table


def words(board: Board) -> Text:
    """The conversation; the newest last."""
    text = Text()
    for who, said in board.lines:
        text.append_text(plain(f"{who}: ", "bold cyan" if who.endswith("you") else "bold green"))
        text.append_text(plain(f"{said}\n"))
    text.rstrip()
    return text


def _session_column(several: bool) -> tuple[str, ...]:
    return ("session",) if several else ()


def _tenths(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _table(*left: str, wide: str, right: tuple[str, ...] = ()) -> Table:
    """A table whose column `wide` takes what room there is, and gives way first."""
    table = Table(box=None, expand=True, pad_edge=False, header_style="bold")
    for name in left:
        is_wide = name == wide
        width = None if is_wide else len(name)
        table.add_column(
            name, no_wrap=name not in WORDY, ratio=1 if is_wide else None, min_width=width
        )
    for name in right:
        table.add_column(name, justify="right", no_wrap=True, min_width=max(5, len(name)))
    return table
