"""What was said in the conversation, for a session that starts afresh."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.frames import Playback, PlaybackState, Side, Transcript, TurnClosed

KEPT_TURNS = 20
"""Enough to know what is being talked about; every token is billed again at every turn."""


@dataclass
class Entry:
    """One turn; `answer` are pieces, each with the samples of the answer before it."""

    said: str = ""
    answer: list[tuple[int, str]] = field(default_factory=list)
    heard_samples: int | None = None

    def heard_answer(self) -> str:
        """The answer as far as the user heard it."""
        limit = self.heard_samples
        return "".join(text for at, text in self.answer if limit is None or at < limit)


class History:
    """The newest turns, oldest first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def transcript(self, frame: Transcript) -> None:
        """A piece of what was said."""
        entry = self._entry(frame.turn)
        if frame.side is Side.USER:
            entry.said += frame.text
        elif frame.text:
            entry.answer.append((frame.audio_position, frame.text))

    def playback(self, frame: Playback) -> None:
        """An answer that was cut off counts as far as it was heard."""
        if frame.state is PlaybackState.INTERRUPTED and frame.turn in self._entries:
            self._entries[frame.turn].heard_samples = frame.played_samples

    def turn_closed(self, frame: TurnClosed) -> None:
        """What another backend answered."""
        entry = self._entry(frame.turn)
        entry.said = frame.said or entry.said
        if frame.answer and not entry.answer:
            entry.answer = [(0, frame.answer)]

    def contents(self) -> list[tuple[str, str]]:
        """Role (`user` or `model`) and text of all that was said."""
        spoken: list[tuple[str, str]] = []
        for entry in self._entries.values():
            for role, text in (("user", entry.said), ("model", entry.heard_answer())):
                if text.strip():
                    spoken.append((role, text.strip()))
        return spoken

    def to_json(self) -> dict[str, Any]:
        """As plain values, for a file."""
        return {turn: asdict(entry) for turn, entry in self._entries.items()}

    def restore(self, data: dict[str, Any]) -> None:
        """Take over what `to_json` gave."""
        for turn, entry in data.items():
            answer = [(int(at), str(text)) for at, text in entry["answer"]]
            self._entries[turn] = Entry(str(entry["said"]), answer, entry["heard_samples"])

    def _entry(self, turn: str) -> Entry:
        if turn not in self._entries:
            self._entries[turn] = Entry()
            while len(self._entries) > KEPT_TURNS:
                self._entries.popitem(last=False)
        return self._entries[turn]
