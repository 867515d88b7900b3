"""What a service said in a recorded run, and upon what: the script that is played back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from actors.backends.gemini.http.heard import OPEN


@dataclass(frozen=True)
class UserSaid:
    """The client has said a turn of the recording, to its end."""

    turn: str


@dataclass(frozen=True)
class UserBegan:
    """The client began another turn, or another part of one."""


@dataclass(frozen=True)
class Responded:
    """The client has sent the result of a call."""

    call_id: str


Cue = UserSaid | UserBegan | Responded


@dataclass(frozen=True)
class Await:
    """What follows is not said before this has happened."""

    cue: Cue


@dataclass(frozen=True)
class Send:
    """A message; in the recorded run it came `after_s` after the cue before it, or the opening."""

    message: dict[str, Any]
    after_s: float = 0.0


@dataclass(frozen=True)
class ServiceClose:
    """The service closed the connection; without a code it broke."""

    code: int | None
    reason: str = ""
    after_s: float = 0.0


Item = Await | Send | ServiceClose


@dataclass
class LiveScript:
    """What was said on one Live connection; `refusal` is the HTTP error it was refused with."""

    items: list[Item] = field(default_factory=list)
    refusal: tuple[int, str] | None = None


@dataclass
class Voice:
    """One rendering of a sentence, in the pieces in which it came.

    Attributes:
        finish: How the service ended it.
        whole: It came to its end.
        refusal: HTTP status and message that came in the place of the rest; None as status: the
            connection broke.
    """

    text: str
    pieces: list[tuple[int, bytes]] = field(default_factory=list)
    usage: dict[str, Any] | None = None
    whole: bool = True
    refusal: tuple[int | None, str] | None = None
    finish: str = "STOP"


@dataclass
class Round:
    """One response of the model that gives the words; fields as in `Voice`.

    Attributes:
        blocked: Why the service would not answer.
        finish: As in `Voice`; empty if it just ended.
    """

    texts: list[str] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    usage: dict[str, Any] | None = None
    whole: bool = True
    refusal: tuple[int | None, str] | None = None
    blocked: str = ""
    finish: str = "STOP"

    @property
    def is_nothing(self) -> bool:
        """Whether it has neither words nor calls, so that it is asked for once more."""
        spoken = any(text.strip() for text in self.texts if not text.startswith(OPEN))
        return not (spoken or self.calls or self.blocked or self.refusal)


@dataclass
class HttpAnswerScript:
    """What generateContent gave for one turn."""

    rounds: list[Round] = field(default_factory=list)
    voices: list[Voice] = field(default_factory=list)
