"""What a backend is asked, and what it gives back."""

from __future__ import annotations

import io
import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from actors.backends.answer import Tokens
from actors.backends.audio_ring import RATE_HZ
from actors.backends.turn_kind import TurnKind
from pipeline.actor import Options
from pipeline.errors import GreenroomError

CallTool = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Name and arguments of a function; returns what to tell the model, errors included."""


class AnswerFailedError(GreenroomError):
    """A turn cannot be answered; the message says why, in words for the operator.

    Args:
        why: The message.
        unspoken: Words of the answer that have no sound; the next backend says them.
    """

    def __init__(self, why: str, unspoken: str = "") -> None:
        super().__init__(why)
        self.unspoken = unspoken


@dataclass(frozen=True)
class AnswerRequest:
    """A turn to answer.

    Attributes:
        pcm: What the user said, PCM16 mono at 16 kHz; empty for a typed turn.
        kind: Where it comes from.
        text: What the user typed, or what stands for it where the model is to speak first.
        picture: The newest JPEG of the camera, if there is a recent one.
        history: Role (`user` or `model`) and text of what was said before.
        tools: As in `ToolOffer`, the session's own functions among them.
        manner: The actor's options as the session wants them.
        rest: Words that another backend left unspoken of its answer; they are all there is to say.
        call: Has a tool carried out; a call whose result is known from before is not repeated.
    """

    session: str
    turn: str
    epoch: int
    kind: TurnKind
    pcm: bytes
    text: str
    picture: bytes | None
    history: tuple[tuple[str, str], ...]
    tools: tuple[dict[str, Any], ...]
    manner: Options
    call: CallTool
    rest: str = ""

    def wav(self) -> bytes:
        """The sound as the contents of a WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE_HZ)
            sound.writeframes(self.pcm)
        return file.getvalue()


@dataclass(frozen=True, slots=True)
class Heard:
    """All of the user's words in this turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the answer; their sound follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Sound:
    """PCM16 mono of the answer; every part of an answer has the same rate."""

    pcm: bytes
    rate_hz: int


Part = Heard | Words | Sound | Tokens
