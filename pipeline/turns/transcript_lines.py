"""Transcript lines: pieces of transcript joined, in the order of the conversation. Pure."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.frames import Outcome, Side, Transcript, TurnClosed, is_unasked
from pipeline.logs import in_one_line, redact
from pipeline.sessions import MOST_SESSIONS

LATE_S = 3.0
"""How long a closed turn waits for the words of the user; services send them after the answer."""
KEPT_TURNS = 100
"""Of a session: open ones in case nobody closes them, ended ones to know what comes too late."""


class TranscriptLine(NamedTuple):
    """What one side said in a turn, or a part of it that is complete."""

    session: str
    side: Side
    text: str


@dataclass
class _Words:
    """What one side has said in a turn and is not yet a line."""

    text: str = ""
    epoch: int = 0
    final: bool = False
    told: bool = False
    """A line of it is out."""

    def add(self, piece: Transcript) -> None:
        """Join a piece; after a change of route the new backend says it all again."""
        if piece.epoch < self.epoch:
            return
        if piece.epoch > self.epoch:
            self.text = ""
        self.epoch = piece.epoch
        self.text += piece.text
        self.final = piece.final


@dataclass
class _Turn:
    user: _Words = field(default_factory=_Words)
    model: _Words = field(default_factory=_Words)
    overtaken: bool = False
    """A later turn has spoken."""
    late_at_s: float = math.inf
    """It is closed, and its user is not waited for after this time."""

    @property
    def is_closed(self) -> bool:
        return self.late_at_s < math.inf

    @property
    def knows_user(self) -> bool:
        return self.user.told or bool(self.user.text.strip())


@dataclass
class _Session:
    turns: dict[str, _Turn] = field(default_factory=dict)
    ended: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_TURNS))


class TranscriptLines:
    """Gives finished lines by session; a user's line always precedes its answer.

    The server sends the words of the user in no fixed order, at times after the answer. Sessions do
    not wait for each other.

    Args:
        late_s: How long a closed turn waits for the words of its user, in s.
    """

    def __init__(self, late_s: float = LATE_S) -> None:
        self._late_s = late_s
        self._sessions: dict[str, _Session] = {}

    def typed(self, session: str, turn: str, text: str) -> list[TranscriptLine]:
        """Note what the user typed: it needs no transcript; return what became a line."""
        user = self._turn(session, turn).user
        user.text, user.final = text, True
        return self._ready(session, turn)

    def add(self, piece: Transcript) -> list[TranscriptLine]:
        """Note a piece; return what became a line. A piece of an ended turn is left out."""
        if piece.turn in self._session(piece.session).ended:
            return []
        turn = self._turn(piece.session, piece.turn)
        (turn.user if piece.side is Side.USER else turn.model).add(piece)
        return self._ready(piece.session, piece.turn)

    def close(self, closed: TurnClosed, now_s: float) -> list[TranscriptLine]:
        """The turn is over; return the lines it owes, unless its first is still to come.

        Of a side of which no piece came the verdict has the words.
        """
        session = closed.session
        if closed.turn in self._session(session).ended:
            return []
        turn = self._turn(session, closed.turn)
        for words, text in ((turn.user, closed.said), (turn.model, closed.answer)):
            if not words.told and not words.text.strip():
                words.text = text
        if turn.overtaken and closed.outcome is Outcome.INTERRUPTED:
            turn.model.text = ""  # What was left of it nobody heard.
        if turn.knows_user:
            return self._end(session, closed.turn)
        turn.late_at_s = now_s + self._late_s
        return []

    def overdue(self, now_s: float) -> list[TranscriptLine]:
        """Return the lines of closed turns that have waited long enough."""
        late = [
            (session, name)
            for session, each in self._sessions.items()
            for name, turn in each.turns.items()
            if turn.is_closed and turn.late_at_s <= now_s
        ]
        return [line for session, name in late for line in self._end(session, name)]

    def end(self, session: str) -> list[TranscriptLine]:
        """Forget a session; return what was said in it and is no line yet."""
        turns = list(self._session(session).turns)
        lines = [line for name in turns for line in self._end(session, name)]
        del self._sessions[session]
        return lines

    def _session(self, name: str) -> _Session:
        found = self._sessions.setdefault(name, _Session())
        if len(self._sessions) > MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return found

    def _turn(self, session: str, name: str) -> _Turn:
        turns = self._session(session).turns
        # Of what nobody asked for no words of a user are waited for.
        found = turns.setdefault(name, _Turn(user=_Words(told=is_unasked(name))))
        if len(turns) > KEPT_TURNS:
            del turns[next(iter(turns))]
        return found

    def _ready(self, session: str, name: str) -> list[TranscriptLine]:
        turn = self._turn(session, name)
        lines = _line(session, Side.USER, turn.user) if turn.user.final else []
        if turn.model.final and (turn.user.told or turn.user.final):
            lines += _line(session, Side.MODEL, turn.model)
        if lines and turn.is_closed:
            lines += self._end(session, name)
        # Whoever speaks has not waited for the words of the turns before.
        return self._before(session, name) + lines if lines else []

    def _before(self, session: str, name: str) -> list[TranscriptLine]:
        lines: list[TranscriptLine] = []
        for each, turn in list(self._session(session).turns.items()):
            if each == name:
                break
            turn.overtaken = True
            lines += self._end(session, each) if turn.is_closed else _both(session, turn)
        return lines

    def _end(self, session: str, name: str) -> list[TranscriptLine]:
        known = self._session(session)
        known.ended.append(name)
        return _both(session, known.turns.pop(name))


def _both(session: str, turn: _Turn) -> list[TranscriptLine]:
    return _line(session, Side.USER, turn.user) + _line(session, Side.MODEL, turn.model)


def _line(session: str, side: Side, words: _Words) -> list[TranscriptLine]:
    text, words.text = words.text.strip(), ""
    if not text or (side is Side.USER and words.told):
        return []
    words.told = True
    return [TranscriptLine(session, side, in_one_line(redact(text)))]
