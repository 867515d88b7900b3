"""Pieces of transcript, joined into lines and put into the order of the conversation."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pipeline.frames import Side, Transcript, TurnClosed
from pipeline.logs import redact

LATE_S = 3.0
"""How long a closed turn waits for the words of the user; services send them after the answer."""
KEPT_TURNS = 20
"""A word may come when its turn is long forgotten, and would be kept for ever."""

Line = tuple[Side, str]


@dataclass
class _Words:
    user: str = ""
    model: str = ""
    user_said: bool = False
    late_at_s: float = math.inf
    """When the words of the user are not waited for any more."""


@dataclass
class Dialogue:
    """Gives finished lines `(side, text)`; a user's line always precedes its answer.

    The server sends the words of the user in no fixed order, at times after the answer.
    """

    _turns: dict[str, _Words] = field(default_factory=dict)

    def take(self, frame: Transcript) -> list[Line]:
        """Note a piece; return what became a line."""
        words = self._turns.setdefault(frame.turn, _Words())
        while len(self._turns) > KEPT_TURNS:
            del self._turns[next(iter(self._turns))]
        closed = words.late_at_s < math.inf
        if frame.side is Side.USER:
            words.user += frame.text
            lines = self._user_line(words) if frame.final else []
        else:
            words.model += frame.text
            lines = self._both(words) if frame.final and words.user_said else []
        if lines and closed:
            lines += self._end(frame.turn)
        # Whoever speaks has not waited for the words of the turn before.
        before = [turn for turn in self._closed() if turn != frame.turn] if lines else []
        return [line for turn in before for line in self._end(turn)] + lines

    def close(self, frame: TurnClosed, now_s: float) -> list[Line]:
        """The turn is over; return the lines it owes, unless its first is still to come."""
        words = self._turns.get(frame.turn)
        if words is None:
            return []
        if words.user_said or words.user.strip() or not words.model.strip():
            return self._end(frame.turn)
        words.late_at_s = now_s + LATE_S
        return []

    def overdue(self, now_s: float) -> list[Line]:
        """Return the lines of closed turns that have waited long enough."""
        late = [turn for turn in self._closed() if self._turns[turn].late_at_s <= now_s]
        return [line for turn in late for line in self._end(turn)]

    def _closed(self) -> list[str]:
        return [turn for turn, words in self._turns.items() if words.late_at_s < math.inf]

    def _end(self, turn: str) -> list[Line]:
        return self._both(self._turns.pop(turn))

    def _both(self, words: _Words) -> list[Line]:
        lines = self._user_line(words)
        if words.model.strip():
            lines.append((Side.MODEL, redact(words.model.strip())))
            words.model = ""
        return lines

    def _user_line(self, words: _Words) -> list[Line]:
        if words.user_said or not words.user.strip():
            return []
        words.user_said = True
        return [(Side.USER, redact(words.user.strip()))]
