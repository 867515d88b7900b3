"""What goes on in each session, for the operator; the last ones that ended too."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from actors.services.metrics.tally import Tally
from pipeline.frames import (
    Fault,
    Frame,
    Route,
    SessionEnded,
    SessionOpened,
    Side,
    Transcript,
    TurnClosed,
)
from pipeline.frames.sessions import RecordingConsent

MOST_LINES = 200
"""Of a transcript: a quarter of an hour has some 100."""
MOST_LINE_CHARACTERS = 4_000
MOST_TURNS = 50
MOST_EVENTS = 20
"""Faults, and changes of the route."""
MOST_ENDED = 50
"""Sessions that are over and still looked at."""


@dataclass
class SpokenLine:
    """What one side said in one turn."""

    turn: str
    side: Side
    text: str


@dataclass
class WatchedCaller:
    """One session.

    Attributes:
        opened: As which it was opened.
        ended: How it ended, if it has.
        faults, routes: The last ones, each with the time of day.
    """

    opened: SessionOpened
    ended: SessionEnded | None = None
    ended_at: float = 0.0
    lines: deque[SpokenLine] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    turns: deque[TurnClosed] = field(default_factory=lambda: deque(maxlen=MOST_TURNS))
    faults: deque[tuple[float, Fault]] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    routes: deque[tuple[float, Route]] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    outcomes: Counter[str] = field(default_factory=Counter)
    opened_at: float = 0.0

    @property
    def shows_words(self) -> bool:
        """Whether what is said may be written down at all."""
        return self.opened.records is not RecordingConsent.NOTHING


class SessionBoard:
    """Follows the sessions that a gateway brought; keeps a bounded part of each.

    Args:
        name: Of the gateway.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.open: dict[str, WatchedCaller] = {}
        self.ended: deque[WatchedCaller] = deque(maxlen=MOST_ENDED)
        self.faults: deque[tuple[float, Fault]] = deque(maxlen=MOST_EVENTS)
        """That concern no session of a caller, or all of them."""
        self.tally = Tally()

    def __iter__(self) -> Iterator[WatchedCaller]:
        return iter(list(self.open.values()))

    def find(self, session: str) -> WatchedCaller | None:
        """Return a session that is open, or one of the last that ended."""
        ended = (each for each in reversed(self.ended) if each.opened.session == session)
        return self.open.get(session) or next(ended, None)

    def of(self, key: str, value: str) -> set[str]:
        """Return the names of those that have a label."""
        known = (*self.open.values(), *self.ended)
        return {each.opened.session for each in known if each.opened.labels.get(key) == value}

    def forget(self, sessions: Collection[str]) -> None:
        """Keep nothing of those that ended, and no word of those that are open."""
        kept = [each for each in self.ended if each.opened.session not in sessions]
        self.ended = deque(kept, maxlen=MOST_ENDED)
        for name in self.open.keys() & set(sessions):
            self.open[name].lines.clear()
            self.open[name].turns.clear()

    def on_frame(self, frame: Frame) -> None:
        """Take what happened; what concerns the sessions of others is let pass."""
        match frame:
            case SessionOpened():
                self._open(frame)
            case SessionEnded():
                self._end(frame)
            case Fault():
                self._on_fault(frame)
            case Transcript() | TurnClosed() | Route() if frame.session in self.open:
                self._take(self.open[frame.session], frame)

    def _open(self, opened: SessionOpened) -> None:
        if opened.brought_by != self._name or opened.session in self.open:
            return
        self.open[opened.session] = WatchedCaller(opened, opened_at=time.time() - opened.age_s)
        self.tally.sessions_opened += 1

    def _end(self, ended: SessionEnded) -> None:
        watched = self.open.pop(ended.session, None)
        if watched is not None:
            watched.ended, watched.ended_at = ended, time.time()
            self.ended.append(watched)
            self.tally.sessions_ended[ended.reason.value] += 1

    def _on_fault(self, fault: Fault) -> None:
        self.tally.fault(fault)
        watched = self.open.get(fault.session)
        (self.faults if watched is None else watched.faults).append((time.time(), fault))

    def _take(self, watched: WatchedCaller, frame: Transcript | TurnClosed | Route) -> None:
        match frame:
            case Transcript():
                if watched.shows_words:
                    _add_words(watched.lines, frame)
            case Route():
                watched.routes.append((time.time(), frame))
            case TurnClosed():
                watched.turns.append(frame)
                watched.outcomes[frame.outcome.value] += 1
                self.tally.count(frame)


def summary(watched: WatchedCaller, state: str, address: str) -> dict[str, Any]:
    """Return a session in a line.

    Args:
        watched: The session.
        state: Of its caller.
        address: From where it is connected.
    """
    opened = watched.opened
    sounds = [each.first_sound_ms for each in watched.turns if each.first_sound_ms is not None]
    return {
        "session_id": opened.session,
        "state": state,
        "address": address,
        "opened_at": round(watched.opened_at, 1),
        "lasts_s": opened.lasts_s,
        "labels": opened.labels,
        "turns": dict(watched.outcomes),
        "answered_by": watched.routes[-1][1].owner if watched.routes else "",
        "faults": len(watched.faults),
        "first_sound_ms": round(sounds[-1]) if sounds else None,
        "ended_at": round(watched.ended_at, 1) if watched.ended else None,
        "reason": watched.ended.reason.value if watched.ended else "",
        "detail": watched.ended.detail if watched.ended else "",
    }


def details(watched: WatchedCaller) -> dict[str, Any]:
    """Return what is known of a session besides its line."""
    return {
        "shows_words": watched.shows_words,
        "words": [{"role": each.side.value, "text": each.text} for each in watched.lines],
        "turns_closed": [
            {
                "turn": each.turn,
                "outcome": each.outcome.value,
                "answered_by": each.by,
                "first_sound_ms": each.first_sound_ms,
                "reason": each.reason,
            }
            for each in watched.turns
        ],
        "routes": [
            {"at": round(at, 1), "backend": each.owner, "reason": each.reason}
            for at, each in watched.routes
        ],
        "faults": [fault_row(at, each) for at, each in watched.faults],
    }


def fault_row(at: float, fault: Fault) -> dict[str, Any]:
    """Return a fault of a service."""
    return {
        "at": round(at, 1),
        "backend": fault.backend,
        "class": fault.fault.value,
        "reason": fault.reason,
        "advice": fault.advice,
    }


def _add_words(lines: deque[SpokenLine], words: Transcript) -> None:
    of_turn = [line for line in lines if line.turn == words.turn]
    line = next((each for each in of_turn if each.side is words.side), None)
    if line is not None:
        line.text = (line.text + words.text)[:MOST_LINE_CHARACTERS]
    elif words.text:
        line = SpokenLine(words.turn, words.side, words.text[:MOST_LINE_CHARACTERS])
        # What the user said may be known later than the beginning of its answer.
        if of_turn and words.side is Side.USER and len(lines) < MOST_LINES:
            lines.insert(lines.index(of_turn[0]), line)
        else:
            lines.append(line)
