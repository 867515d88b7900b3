"""What the dialects have in common whose sound is binary and the rest text."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Mapping

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    NO_QUERY,
    CallStarted,
    LineEvent,
    LineProblem,
    SoundHeard,
)
from actors.gateway.phone.dialects.line_dialect import LineDialect
from actors.gateway.phone.dialects.media_json import MediaJsonError
from actors.gateway.phone.dialects.sized_sound import Piece

EARLY_MESSAGES = 50
"""Of sound that comes before the line is up, as some Asterisks send it (asterisk#1712): 1 s."""
CALL_IDS = ("call_id", "uuid", "call_uuid", "callSid", "callId", "call_sid")
"""What people name a call where its protocol has no name for it, in the order of trust."""


class BinaryDialect(LineDialect):
    """Binary messages are sound."""

    def __init__(self, query: Mapping[str, str] = NO_QUERY) -> None:
        super().__init__(query)
        self._early: deque[bytes] = deque(maxlen=EARLY_MESSAGES)

    def take(self, message: Message) -> list[LineEvent]:
        """Understand a message; sound from before the start comes behind it."""
        try:
            if isinstance(message, str):
                return self._with_early(self._in_time(self._told(message)))
            if not message:
                return []
            if self._call is not None:
                return [SoundHeard(message)]
            self._early.append(message)
            return self._with_early(self._sound_first())
        except MediaJsonError as error:
            return [error.problem]

    def _with_early(self, events: list[LineEvent]) -> list[LineEvent]:
        if not any(isinstance(event, CallStarted) for event in events):
            return events
        early = [SoundHeard(payload) for payload in self._early]
        self._early.clear()
        return [*events, *early]

    def _sound_first(self) -> list[LineEvent]:
        """Return what follows from it that sound came before anything else."""
        return []

    def _said(self, piece: Piece) -> Message:
        return piece if isinstance(piece, bytes) else self._marked(piece)

    @abstractmethod
    def _told(self, message: str) -> list[LineEvent]:
        """Understand a text, or raise `MediaJsonError`."""

    @abstractmethod
    def _marked(self, name: str) -> str:
        """Return the message of a mark."""


def named(given: Mapping[str, str], names: tuple[str, ...]) -> str:
    """Return the first of some parameters that is there; empty if none is."""
    return next((given[name] for name in names if given.get(name)), "")


def require_mono(mix_type: str) -> list[LineEvent]:
    """Return a problem if a stream has our own voice in it too.

    Raises:
        MediaJsonError: it has two channels.
    """
    if mix_type == "stereo":
        raise MediaJsonError("the stream has two channels: start it with the mix type `mono`")
    if mix_type == "mixed":
        return [LineProblem("the stream has our own voice in it: start it with `mono`")]
    return []
