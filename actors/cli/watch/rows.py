"""The board as rows of values, whoever draws them. Pure."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from actors.cli.watch.board import Board
from actors.lib.audio.pcm import SILENCE_DBFS
from pipeline.cli.cost import cost
from pipeline.frames import ActorStatus, Outcome
from pipeline.supervision.lifecycle import ProcessState
from pipeline.turns.turn_times import LatencyStage

NO_WORD_S = 3.0
"""A supervisor says how it is twice a second."""
FLOOR_DBFS = -60.0
"""Below this a room is quiet, and the bar empty."""
LOUD_DBFS = -3.0
"""Above this sound is, or soon will be, clipped."""
STAGES = {
    LatencyStage.ENDPOINTING: "VAD",
    LatencyStage.BACKEND: "network+model",
    LatencyStage.PLAYOUT: "playout",
}
"""What they are called where they are shown."""


class Mood(StrEnum):
    """Whether somebody should look."""

    GOOD = "good"
    WAITING = "waiting"
    BAD = "bad"


@dataclass(frozen=True)
class ActorRow:
    """What an actor says of itself, or how its last process ended; memory is its share."""

    actor: str
    state: str
    mood: Mood
    restarts: int
    memory_mib: float | None


@dataclass(frozen=True)
class StreamRow:
    """How a stream has been since the last reading; ages are None without frames."""

    stream: str
    rate_hz: float
    age_p50_ms: float | None
    age_p99_ms: float | None
    drops: int


@dataclass(frozen=True)
class LevelRow:
    """How loud a stream of sound is; None is silent. `share` is what is full of a bar, 0 to 1."""

    stream: str
    level_dbfs: float | None
    share: float
    loud: bool


@dataclass(frozen=True)
class RouteRow:
    """Who answers in a session from when on, time of day on this host."""

    at: str
    session: str
    backend: str
    reason: str


@dataclass(frozen=True)
class TurnRow:
    """Where the time went in a turn, ms; a stage that is None is not known, or did not happen."""

    at: str
    session: str
    outcome: Outcome
    backend: str
    stages_ms: dict[str, float | None]
    first_sound_ms: float | None
    playback_ms: float | None


@dataclass(frozen=True)
class SessionRow:
    """A conversation that goes on, since when, and what is known of it."""

    at: str
    session: str
    labels: str
    turns: int
    outcome: str
    cost: str = ""


def has_several(board: Board) -> bool:
    """Whether there is, or was, any session but the pipeline's own."""
    others = [each for each in board.sessions if each != board.description.session]
    return bool(others or board.sessions_ended)


ODD_COUNTS = {
    "refused": "refused",
    "opened_again": "opened again",
    "ended_unopened": "ends of none",
    "unopened": "frames of none",
}
"""What the supervisor counts of sessions and nobody wants, in a few words each."""


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
    sessions = f"   {_sessions(board)}" if has_several(board) else ""
    only = f"   only session {board.session}" if board.session is not None else ""
    return f"{ready}, up {status.uptime_s:.0f} s, {owner} answers   {turns}{sessions}{only}"


def _sessions(board: Board) -> str:
    ended = ", ".join(f"{count} {reason}" for reason, count in board.sessions_ended.items())
    text = f"sessions: {len(board.sessions)} open" + (f", ended: {ended}" if ended else "")
    counts = board.status.session_counts if board.status is not None else {}
    odd = ", ".join(
        f"{count} {ODD_COUNTS[name]}" for name, count in counts.items() if name in ODD_COUNTS
    )
    return f"{text}; {odd}" if odd else text


def session_rows(board: Board) -> list[SessionRow]:
    """The open sessions, the newest first."""
    return [
        SessionRow(
            _clock(each.opened.sent_ns),
            name,
            ", ".join(f"{key}={value}" for key, value in each.opened.labels.items()),
            each.turns,
            each.outcome,
            _cost(board, name),
        )
        for name, each in reversed(board.sessions.items())
    ]


def _cost(board: Board, session: str) -> str:
    spending = board.status.spending if board.status is not None else None
    spent = spending.callers.get(session) if spending is not None else None
    return "" if spending is None or spent is None else cost(spent, spending.currency)


def actor_rows(board: Board) -> list[ActorRow]:
    """Actors, in the order of the config."""
    return [
        ActorRow(each.actor, *_state(each), each.restarts, each.pss_mib)
        for each in (board.status.actors if board.status else [])
    ]


def _state(status: ActorStatus) -> tuple[str, Mood]:
    if status.phase != ProcessState.RUNNING or status.health is None:
        last = f": {status.last_exit}" if status.last_exit else ""
        return f"{status.phase}{last}", Mood.BAD if status.last_exit else Mood.WAITING
    detail = f": {status.health.detail}" if status.health.detail else ""
    good = status.health.state in ("ready", "finished")
    return f"{status.health.state.value}{detail}", Mood.GOOD if good else Mood.WAITING


def stream_rows(board: Board) -> list[StreamRow]:
    """Streams, the silent ones last."""
    return [
        StreamRow(
            stream.name,
            reading.rate_hz,
            reading.age_p50_ms,
            reading.age_p99_ms,
            board.drops(stream) + reading.lost,
        )
        for stream in board.streams
        if (reading := board.readings.get(stream.name)) is not None
    ]


def level_rows(board: Board) -> list[LevelRow]:
    """Streams of sound, by name."""
    return [
        LevelRow(
            name,
            None if level <= SILENCE_DBFS else level,
            min(1.0, max(0.0, (level - FLOOR_DBFS) / -FLOOR_DBFS)),
            level > LOUD_DBFS,
        )
        for name, level in sorted(board.levels.items())
    ]


def route_rows(board: Board) -> list[RouteRow]:
    """The history of the route, the newest first."""
    return [
        RouteRow(_clock(each.sent_ns), each.session, each.owner or "nobody", each.reason)
        for each in reversed(board.routes)
    ]


def turn_rows(board: Board) -> list[TurnRow]:
    """The turns, the newest first."""
    return [
        TurnRow(
            _clock(each.closed.sent_ns),
            each.closed.session,
            each.closed.outcome,
            each.closed.by or "-",
            {
                "capture": each.capture_ms,
                **{name: each.stages_ms.get(stage) for stage, name in STAGES.items()},
            },
            each.closed.first_sound_ms,
            each.stages_ms.get(LatencyStage.PLAYBACK),
        )
        for each in reversed(board.turns)
    ]


def _clock(monotonic_ns: int) -> str:
    """Time of day, on this host."""
    age_s = (time.monotonic_ns() - monotonic_ns) / 1e9
    return time.strftime("%H:%M:%S", time.localtime(time.time() - age_s))
