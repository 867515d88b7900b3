"""What was said in a conversation, by whoever said it, as far as it was heard."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from actors.backends.newest import Newest
from pipeline.frames import (
    Outcome,
    Playback,
    PlaybackState,
    Side,
    Transcript,
    TurnClosed,
)

UNDER_WAY = (PlaybackState.STARTED, PlaybackState.PLAYING)
KEPT_TURNS = 20
"""Enough to know what is being talked about; every token is billed again at every turn."""


@dataclass
class Version:
    """What one backend understood and answered in one epoch.

    Attributes:
        epoch: Of the route.
        said: The user's words.
        pieces: Of the answer, each with the samples of sound before it.
        heard_samples: Sound that was played; None: nothing was reported.
        state: What the player said last; None: nothing.
    """

    epoch: int
    said: str = ""
    pieces: list[tuple[int, str]] = field(default_factory=list)
    heard_samples: int | None = None
    state: PlaybackState | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values; `asdict` takes ten times as long."""
        return {**vars(self), "pieces": list(self.pieces)}

    def heard_text(self, *, unless_reported: bool, to_come: bool) -> str:
        """The answer as far as the user heard it; `to_come`: or is about to."""
        whole = {PlaybackState.FINISHED, *(UNDER_WAY if to_come else ())}
        if self.state in whole or (self.heard_samples is None and unless_reported):
            return "".join(text for _, text in self.pieces)
        return "".join(text for at, text in self.pieces if at < (self.heard_samples or 0))


@dataclass
class HistoryEntry:
    """One turn; `versions` by backend and epoch, and what the ledger says of it."""

    versions: dict[str, Version] = field(default_factory=dict)
    said: str = ""
    answer: str = ""

    def in_order(self) -> list[Version]:
        """Oldest epoch first."""
        return sorted(self.versions.values(), key=lambda version: version.epoch)


class History:
    """The newest turns in the order in which they began.

    Args:
        reported: Whether `playback` tells what was heard; if not, all that was sent counts.
        before: Whose words were which, before the session was opened.
    """

    def __init__(self, *, reported: bool, before: Iterable[tuple[Side, str]] = ()) -> None:
        self.reported = reported
        self.before = [(side.value, text.strip()) for side, text in before if text.strip()]
        """Role and text of what was said before these turns."""
        self._entries: Newest[HistoryEntry] = Newest(KEPT_TURNS)

    def began(self, turn: str) -> None:
        """A turn begins; its words may come after those of later turns."""
        self._entry(turn)

    def understood(self, turn: str, backend: str, epoch: int, said: str) -> None:
        """All of the user's words in a turn."""
        self._version(turn, backend, epoch).said = said

    def transcript(self, frame: Transcript) -> None:
        """A piece of what was said."""
        version = self._version(frame.turn, frame.backend, frame.epoch)
        if frame.side is Side.USER:
            version.said += frame.text
        elif frame.text:
            version.pieces.append((frame.audio_position, frame.text))

    def playback(self, frame: Playback) -> None:
        """How much of an answer was heard so far."""
        if frame.turn in self._entries:
            version = self._version(frame.turn, frame.backend, frame.epoch)
            version.heard_samples = max(version.heard_samples or 0, frame.played_samples)
            if version.state is not PlaybackState.FINISHED:
                version.state = frame.state

    def heard_samples(self, turn: str, epoch: int) -> int:
        """How much of the answer of an epoch was heard."""
        entry = self._entries.get(turn)
        versions = entry.in_order() if entry is not None else []
        return max((v.heard_samples or 0 for v in versions if v.epoch == epoch), default=0)

    def closed(self, frame: TurnClosed) -> bool:
        """Take the ledger's account, all there is for a process that was not there.

        Returns:
            Whether it says anything that it did not say before.
        """
        entry = self._entry(frame.turn)
        before = (entry.said, entry.answer)
        entry.said = frame.said or entry.said
        entry.answer = frame.answer if frame.outcome is Outcome.ANSWERED else ""
        return (entry.said, entry.answer) != before

    def said(self, turn: str) -> str:
        """The user's words in a turn, as the newest backend understood them."""
        entry = self._entries.get(turn)
        if entry is None:
            return ""
        return next((v.said for v in reversed(entry.in_order()) if v.said.strip()), entry.said)

    def heard(self, turn: str) -> str:
        """The answer to a turn, as far as the user heard it or is about to."""
        entry = self._entries.get(turn)
        return self._heard_text(entry, to_come=True) if entry is not None else ""

    def contents(
        self, before: str | None = None, without: Collection[str] = (), *, to_come: bool = False
    ) -> tuple[tuple[str, str], ...]:
        """Return role (`user` or `model`) and text of what was said.

        Args:
            before: Only in turns that began before this one.
            without: Not in these turns.
            to_come: An answer that is being played counts as if it had been heard to its end.
        """
        spoken = list(self.before)
        for turn, entry in self._entries.items():
            if turn == before:
                break
            if turn in without:
                continue
            for role, text in (
                ("user", self.said(turn)),
                ("model", self._heard_text(entry, to_come)),
            ):
                if text.strip():
                    spoken.append((role, text.strip()))
        return tuple(spoken)

    def recall(self, words: Iterable[tuple[str, str]]) -> None:
        """Take over role and text of what was said before these turns."""
        self.before = list(words)[-2 * KEPT_TURNS :] or self.before

    def to_json(self) -> dict[str, Any]:
        """As plain values, for a file."""
        return {
            turn: {
                "versions": {name: version.to_json() for name, version in entry.versions.items()},
                "said": entry.said,
                "answer": entry.answer,
            }
            for turn, entry in self._entries.items()
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Take over what `to_json` gave."""
        for turn, entry in data.items():
            versions = {name: _version(saved) for name, saved in entry["versions"].items()}
            self._entries[turn] = HistoryEntry(versions, entry["said"], entry["answer"])

    def _heard_text(self, entry: HistoryEntry, to_come: bool) -> str:
        heard = [
            version.heard_text(unless_reported=not self.reported, to_come=to_come)
            for version in entry.in_order()
        ]
        return " ".join(text.strip() for text in heard if text.strip()) or entry.answer

    def _version(self, turn: str, backend: str, epoch: int) -> Version:
        versions = self._entry(turn).versions
        return versions.setdefault(f"{backend} {epoch}", Version(epoch))

    def _entry(self, turn: str) -> HistoryEntry:
        if turn not in self._entries:
            self._entries[turn] = HistoryEntry()
        return self._entries[turn]


def _version(saved: dict[str, Any]) -> Version:
    state = saved["state"]
    return Version(**{**saved, "state": state and PlaybackState(state)})
