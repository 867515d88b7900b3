"""Transcripts in the order in which people read them."""

from __future__ import annotations

import unicodedata
from collections import deque
from dataclasses import dataclass, field

from pipeline.frames import Outcome, Side, Transcript, TurnClosed

REMEMBERED = 100
"""Turns kept: open ones in case nobody closes them, closed ones to know what comes late."""


@dataclass
class _Words:
    """What one side says in a turn."""

    pieces: list[str] = field(default_factory=list)
    epoch: int = 0
    final: bool = False
    printed: bool = False

    def add(self, piece: Transcript) -> None:
        """Join a piece; after a change of route the new backend says it all again."""
        if piece.epoch > self.epoch:
            self.pieces.clear()
        elif piece.epoch < self.epoch or self.final:
            return
        self.epoch = piece.epoch
        self.pieces.append(piece.text)
        self.final = piece.final


class TranscriptBook:
    """Puts transcripts in order: by turn, and in a turn the user before the answer.

    Pure: every method returns the lines that may now be printed.
    """

    def __init__(self) -> None:
        """Begin with a conversation in which nothing was said."""
        self._turns: dict[str, dict[Side, _Words]] = {}
        self._closed: deque[str] = deque(maxlen=REMEMBERED)

    def typed(self, turn: str, text: str) -> list[str]:
        """Note what the user typed: it needs no transcript."""
        words = self._turn(turn)[Side.USER]
        words.pieces, words.final = [text], True
        return self._ready(turn)

    def add(self, piece: Transcript) -> list[str]:
        """Take a piece of a transcript; too late for a line that is printed, it is left out."""
        if piece.turn in self._closed:
            return []
        words = self._turn(piece.turn)[piece.side]
        if words.printed:
            return []
        words.add(piece)
        return self._ready(piece.turn)

    def knows_user(self, turn: str) -> bool:
        """The words of the user are complete."""
        return turn in self._turns and self._turns[turn][Side.USER].final

    def close(self, closed: TurnClosed) -> list[str]:
        """End a turn: print what there is of it."""
        if closed.turn in self._closed:
            return []
        sides = self._turn(closed.turn)
        for side, text in ((Side.USER, closed.said), (Side.MODEL, closed.answer)):
            if not "".join(sides[side].pieces).strip():
                sides[side].pieces = [text]
            sides[side].final = True
        lines = self._ready(closed.turn)
        del self._turns[closed.turn]
        self._closed.append(closed.turn)
        if closed.outcome is Outcome.FAILED:
            lines.append(one_line(f"no answer: {closed.reason or 'nobody knows why'}"))
        return lines

    def _turn(self, turn: str) -> dict[Side, _Words]:
        if turn not in self._turns:
            self._turns[turn] = {Side.USER: _Words(), Side.MODEL: _Words()}
            if len(self._turns) > REMEMBERED:
                del self._turns[next(iter(self._turns))]
        return self._turns[turn]

    def _ready(self, turn: str) -> list[str]:
        lines = self._take(turn, finished=False)
        if not lines:
            return []
        # A later turn speaks: what is left of those before it comes first.
        earlier: list[str] = []
        for each in self._turns:
            if each == turn:
                break
            earlier += self._take(each, finished=True)
        return earlier + lines

    def _take(self, turn: str, *, finished: bool) -> list[str]:
        lines: list[str] = []
        for side, label in ((Side.USER, "you"), (Side.MODEL, "gemini")):
            words = self._turns[turn][side]
            if words.printed:
                continue
            if not (words.final or finished):
                break  # The answer waits for the words of the user.
            text = one_line("".join(words.pieces))
            if text:
                words.printed = True
                lines.append(f"{label}: {text}")
        return lines


def one_line(text: str) -> str:
    """Return `text` on one line, without what would steer the terminal."""
    spaced = " ".join(text.split())
    return "".join(char for char in spaced if unicodedata.category(char) != "Cc")
