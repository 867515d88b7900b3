"""Pieces of transcript, joined into lines and put into the order of the conversation."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.frames import Side, Transcript, TurnClosed
from pipeline.logs import redact


@dataclass
class _Words:
    user: str = ""
    model: str = ""
    user_said: bool = False


@dataclass
class Dialogue:
    """Gives finished lines `(side, text)`; a user's line always precedes its answer.

    The server sends the words of the user in no fixed order, at times after the answer.
    """

    _turns: dict[str, _Words] = field(default_factory=dict)

    def take(self, frame: Transcript) -> list[tuple[Side, str]]:
        """Note a piece; return what became a line."""
        words = self._turns.setdefault(frame.turn, _Words())
        if frame.side is Side.USER:
            words.user += frame.text
            return self._user_line(words) if frame.final else []
        words.model += frame.text
        return self._both(words) if frame.final and words.user_said else []

    def close(self, frame: TurnClosed) -> list[tuple[Side, str]]:
        """The turn is over; return the lines it still owes."""
        words = self._turns.pop(frame.turn, None)
        if words is None:
            return []
        return self._both(words)

    def _both(self, words: _Words) -> list[tuple[Side, str]]:
        lines = self._user_line(words)
        if words.model.strip():
            lines.append((Side.MODEL, redact(words.model.strip())))
            words.model = ""
        return lines

    def _user_line(self, words: _Words) -> list[tuple[Side, str]]:
        if words.user_said or not words.user.strip():
            return []
        words.user_said = True
        return [(Side.USER, redact(words.user.strip()))]
