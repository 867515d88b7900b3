"""The board as tables. Pure."""

from __future__ import annotations

import time
import unicodedata

from rich.style import Style
from rich.table import Table
from rich.text import Text

from actors.audio.pcm import SILENCE_DBFS
from actors.cli.top.board import Board
from pipeline.frames import ActorStatus, Outcome
from pipeline.supervision.lifecycle import Phase
from pipeline.turn_times import Stage

NO_WORD_S = 3.0
"""A supervisor says how it is twice a second."""
BAR_CELLS = 24
FLOOR_DBFS = -60.0
"""Below this a room is quiet, and the bar empty."""
LOUD_DBFS = -3.0
"""Above this sound is, or soon will be, clipped."""
WORDY = ("state", "because")
"""Columns of words, which may take several lines."""
STAGES = {
    Stage.ENDPOINTING: "VAD",
    Stage.BACKEND: "network+model",
    Stage.PLAYOUT: "playout",
}
OUTCOME_STYLES = {Outcome.ANSWERED: "green", Outcome.INTERRUPTED: "yellow", Outcome.FAILED: "red"}


def plain(text: str, style: str | Style = "") -> Text:
    """Text from outside, as it is: no markup in it, and nothing that steers the terminal."""
    kept = "".join(char for char in text if unicodedata.category(char) != "Cc" or char == "\n")
    return Text(kept, style)


def headline(board: Board) -> str:
    """How the whole pipeline is, in one line."""
    status = board.status
    if status is None:
        return "waiting for the supervisor"
    silent_s = (board.now_ns - board.status_ns) / 1e9
    if silent_s > NO_WORD_S:
        return f"no word from the supervisor for {silent_s:.0f} s: has it ended?"
    owner = status.route.owner if status.route and status.route.owner else "nobody"
    ready = "ready" if status.ready else "not ready"
    outcomes = ", ".join(f"{count} {name}" for name, count in status.turns_closed.items())
    turns = f"turns: {outcomes or 'none closed'}, {status.turns_open} open"
    return f"{ready}, up {status.uptime_s:.0f} s, {owner} answers   {turns}"


def actors_table(board: Board) -> Table:
    """Actors with state, restarts and memory."""
    table = _table("actor", "state", wide="state", right=("restarts", "MiB"))
    for each in board.status.actors if board.status else []:
        memory = "-" if each.pss_mib is None else f"{each.pss_mib:.0f}"
        table.add_row(plain(each.actor), _state(each), str(each.restarts), memory)
    return table


def _state(status: ActorStatus) -> Text:
    if status.phase != Phase.RUNNING or status.health is None:
        last = f": {status.last_exit}" if status.last_exit else ""
        return plain(f"{status.phase}{last}", "red" if status.last_exit else "yellow")
    detail = f": {status.health.detail}" if status.health.detail else ""
    style = "green" if status.health.state in ("ready", "finished") else "yellow"
    return plain(f"{status.health.state.value}{detail}", style)


def streams_table(board: Board) -> Table:
    """Streams with rate, age in ms, and drops."""
    table = _table("stream", wide="stream", right=("Hz", "p50", "p99", "drops"))
    for stream in board.streams:
        reading = board.readings.get(stream.name)
        if reading is None:
            continue
        drops = board.drops(stream) + reading.lost
        table.add_row(
            plain(stream.name, "" if reading.rate_hz else "dim"),
            f"{reading.rate_hz:.1f}" if reading.rate_hz else "-",
            _age(reading.age_p50_ms),
            _age(reading.age_p99_ms),
            Text(str(drops), "red" if drops else "dim"),
        )
    return table


def levels_table(board: Board) -> Table:
    """How loud each stream of sound is."""
    table = _table("sound", "", wide="sound", right=("dBFS",))
    for name, level in sorted(board.levels.items()):
        share = min(1.0, max(0.0, (level - FLOOR_DBFS) / -FLOOR_DBFS))
        cells = round(share * BAR_CELLS)
        bar = Text("█" * cells, "red" if level > LOUD_DBFS else "green")
        bar.append("·" * (BAR_CELLS - cells), "dim")
        table.add_row(plain(name), bar, "-" if level <= SILENCE_DBFS else f"{level:.0f}")
    return table


def routes_table(board: Board) -> Table:
    """Who answered when, and why; the newest first."""
    table = _table("at", "backend", "because", wide="because")
    for route in reversed(board.routes):
        owner, reason = plain(route.owner or "nobody"), plain(route.reason)
        table.add_row(_clock(route.sent_ns), owner, reason)
    return table


def turns_table(board: Board) -> Table:
    """Where the time went in each turn, in ms; the newest first."""
    stages = ("capture", *STAGES.values(), "first sound", "playback")
    table = _table("turn", "outcome", "backend", wide="backend", right=stages)
    for row in reversed(board.turns):
        closed = row.closed
        table.add_row(
            _clock(closed.sent_ns),
            Text(closed.outcome.value, OUTCOME_STYLES[closed.outcome]),
            plain(closed.by or "-"),
            _ms(row.capture_ms),
            *(_ms(row.stages_ms.get(stage)) for stage in STAGES),
            _ms(closed.first_sound_ms),
            _ms(row.stages_ms.get(Stage.PLAYBACK)),
        )
    return table


def words(board: Board) -> Text:
    """The conversation; the newest last."""
    text = Text()
    for who, said in board.lines:
        text.append(f"{who}: ", "bold cyan" if who == "you" else "bold green")
        text.append_text(plain(f"{said}\n"))
    text.rstrip()
    return text


def _age(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _clock(monotonic_ns: int) -> str:
    """Time of day, on this host."""
    age_s = (time.monotonic_ns() - monotonic_ns) / 1e9
    return time.strftime("%H:%M:%S", time.localtime(time.time() - age_s))


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
