"""Stepwise replay: where it waits. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from typing import NamedTuple

from actors.recordings.messages import RecordedMessage
from pipeline.frames import Frame, SpeechStarted, UserText

TYPES = frozenset({"speech_started", "user_text"})
"""What turns begin with."""


class Step(NamedTuple):
    """What is sent next; `at_ns` is when that was, on the clock of the recorded run."""

    name: str
    at_ns: int


class Steps:
    """Waits before each turn, or before each frame of one stream.

    A turn is sent from its first sample on, with what follows until the next one begins.
    """

    def __init__(self, turns: Iterable[Step] = (), stream: tuple[str, str] | None = None) -> None:
        self._turns = deque(sorted(turns, key=lambda each: each.at_ns))
        self._stream = stream

    def due(self, sent_ns: int, actor: str, port: str) -> Step | None:
        """Return the step that a frame begins; frames come in the order of sending."""
        if self._stream is not None:
            name = f"{actor}.{port}"
            return Step(name, sent_ns) if (actor, port) == self._stream else None
        step: Step | None = None
        while self._turns and self._turns[0].at_ns <= sent_ns:
            step = self._turns.popleft()
        return step


def turns_sent(
    frames: Iterable[tuple[RecordedMessage, Frame]], actors: Collection[str], *, sounding: bool
) -> list[Step]:
    """Return when the turns began that the replayed actors sent.

    Args:
        frames: Of the types in `TYPES`.
        actors: Those replayed: what others typed is not sent.
        sounding: They send sound, in which the spoken turns are.
    """
    found: dict[str, Step] = {}
    for message, frame in frames:
        match frame:
            case SpeechStarted() if sounding:
                found.setdefault(frame.turn, Step(frame.turn, frame.at_ns))
            case UserText() if message.actor in actors:
                found.setdefault(frame.turn, Step(frame.turn, message.sent_ns))
    return list(found.values())
