"""When the robot listens: what is asked of it, and what it does."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field, model_validator

from pipeline.frames.base import Frame
from pipeline.frames.media import GREATEST_POSITION


class ListenMode(StrEnum):
    """What it takes to be listened to."""

    ALWAYS = "always"
    WAKE_WORD = "wake_word"
    PUSH_TO_TALK = "push_to_talk"


class ListenAction(StrEnum):
    """What a key, a pin, a call or a frame asks for."""

    OPEN = "open"
    """As a key that is pressed: listen until it is released."""
    CLOSE = "close"
    """As a key that is released: what was said up to here is the turn."""
    TAP = "tap"
    """Where there is no release: listen to one turn, or no more if that is under way."""


class ListenCommand(Frame):
    """Somebody asks to be listened to, or not any more, or in another way from now on."""

    type_name: ClassVar[str] = "listen_command"

    mode: ListenMode | None = Field(None, description="What it takes from now on.")
    action: ListenAction | None = Field(None, description="What to do now.")
    by: str = Field("a frame", description="Who asks, in words.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> ListenCommand:
        if self.mode is None and self.action is None:
            raise ValueError("name a mode, an action, or both")
        return self


class ListenPhase(StrEnum):
    """What becomes of the sound of the microphone."""

    OPEN = "open"
    """It is passed on, always."""
    ASLEEP = "asleep"
    """It is not passed on."""
    LISTENING = "listening"
    """It is passed on, for as long as it takes to begin to speak."""
    HELD = "held"
    """It is passed on, for as long as a key is held."""
    HEARING = "hearing"
    """It is passed on: somebody speaks."""
    EXPIRED = "expired"
    """No longer passed on; who had begun to speak before is listened to after all."""
    RELEASED = "released"
    """No longer passed on; what was said up to here is awaited as a turn."""
    ANSWERING = "answering"
    """An answer is awaited, or heard."""


class ListenStatus(Frame):
    """The robot listens, or does not any more."""

    type_name: ClassVar[str] = "listen_status"

    mode: ListenMode = Field(description="What it takes to be listened to.")
    phase: ListenPhase = Field(description="What becomes of the sound now.")
    listens: bool = Field(description="Whether sound is passed on.")
    position: int = Field(
        ge=0, le=GREATEST_POSITION, description="First sample that is, or is no longer, passed on."
    )
    by: str = Field("", description="What brought it about, in words.")
    chime: bool = Field(False, description="A short sound is to tell the user that it listens.")
