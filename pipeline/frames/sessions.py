"""A conversation begins, with a manner of its own, and ends."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from pipeline.frames.answers import Side
from pipeline.frames.base import Frame


class RecordingConsent(StrEnum):
    """What of a session may be recorded."""

    ALL = "all"
    TEXT = "text"
    NOTHING = "nothing"


class SessionOpened(Frame):
    """A conversation begins. What is None is as in the options of the actors."""

    type_name: ClassVar[str] = "session_opened"

    instruction: str | None = Field(None, description="System instruction of the model.")
    voice: str | None = Field(None, description="Name of the voice that answers.")
    language: str | None = Field(
        None,
        description="BCP-47 code, such as `de-DE`; of several, with commas, the likeliest first.",
    )
    model: str | None = Field(None, description="Name of the model.")
    temperature: float | None = Field(None, ge=0, le=2, description="Of the model's choices.")
    functions: list[dict[str, Any]] = Field(
        [], description="Declarations of functions that the caller's own client answers."
    )
    history: list[tuple[Side, str]] = Field(
        [], description="What was said before, oldest first: whose words, and the words."
    )
    speaks_first: bool = Field(False, description="The model begins, without being asked.")
    lasts_s: float | None = Field(None, gt=0, description="How long it may last; None: no limit.")
    records: RecordingConsent = Field(
        RecordingConsent.ALL, description="What of it may be recorded."
    )
    plays: bool = Field(
        True, description="Somebody plays its answers, and reports what was heard of them."
    )
    labels: dict[str, str] = Field(
        {}, description="In every log line and error of the session: business id, direction, ..."
    )
    conversation: str = Field(
        "",
        description="Id of the conversation, the same when a pipeline that was started anew takes "
        "it up; the name of the session may be that of another conversation, later.",
    )
    taken_up: int = Field(0, ge=0, description="How often a pipeline has taken it up from another.")
    brought_by: str = Field(
        "", description="Name of the actor whose next process takes the session up if it dies."
    )

    @property
    def age_s(self) -> float:
        """How long it has been open."""
        return (time.monotonic_ns() - self.origin_ns) / 1e9 if self.origin_ns else 0.0


class SessionEnd(StrEnum):
    """Why a session ended."""

    HUNG_UP = "hung_up"
    TIME_OVER = "time_over"
    OPERATOR = "operator"
    BUDGET = "budget"
    IDLE = "idle"
    REFUSED = "refused"
    FAILED = "failed"
    SOURCE_LOST = "source_lost"
    MOVED = "moved"
    """Another pipeline has taken the conversation up: it is over here, and goes on there."""


class SessionEnded(Frame):
    """A conversation is over: everybody lets go of it."""

    type_name: ClassVar[str] = "session_ended"

    reason: SessionEnd = Field(description="Why.")
    detail: str = Field("", description="The same in words, for a person.")
