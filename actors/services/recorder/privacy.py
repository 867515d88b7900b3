"""Privacy filter: which frames may be recorded. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

AUDIO_TYPES = frozenset({"audio", "answer_audio"})
IMAGE_TYPES = frozenset({"image"})
OPAQUE_TYPES = frozenset({"health", "status"})
"""Hold the actors' checkpoints, in which an actor may keep anything in any form: the state of the
VAD has some milliseconds of sound in it."""
CONVERSATION_TYPES = frozenset(
    {
        "transcript",
        "user_text",
        "speech_started",
        "speech_ended",
        "answer_ended",
        "playback",
        "turn_closed",
        "route",
    }
)
"""What was said and when: enough for `greenroom compare`."""


class Omission(StrEnum):
    """What can be left out."""

    AUDIO = "audio"
    IMAGES = "images"


@dataclass(frozen=True)
class Privacy:
    """Decides what is recorded.

    Attributes:
        without: Kinds that are left out.
        transcripts_only: Nothing but the words and times of the turns.
    """

    without: frozenset[Omission] = frozenset()
    transcripts_only: bool = False

    def admits_stream(self, types: Collection[str]) -> bool:
        """Whether a stream of these types is worth listening to."""
        return any(self._admits_type(each) for each in types)

    def admits(self, frame: Mapping[str, Any]) -> bool:
        """Whether a frame may be recorded.

        Bytes in a frame that is not known to hold only sound, or only pictures, may be either.
        """
        name = str(frame.get("type"))
        if not self._admits_type(name):
            return False
        if not (self.without or self.transcripts_only):
            return True
        return name in AUDIO_TYPES | IMAGE_TYPES or not _holds_bytes(frame)

    def _admits_type(self, name: str) -> bool:
        if self.transcripts_only:
            return name in CONVERSATION_TYPES
        if self.without and name in OPAQUE_TYPES:
            return False
        if Omission.AUDIO in self.without and name in AUDIO_TYPES:
            return False
        return not (Omission.IMAGES in self.without and name in IMAGE_TYPES)


def _holds_bytes(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_bytes(each) for each in value.values())
    if isinstance(value, (list, tuple)):
        return any(_holds_bytes(each) for each in value)
    return isinstance(value, bytes)
