"""What the state of the turns wants done; the session does it."""

from __future__ import annotations

from dataclasses import dataclass

from actors.backends.answer import Publish
from actors.backends.realtime.link import Activity
from actors.backends.tool_calls import ToolReply


@dataclass(frozen=True, slots=True)
class SendActivity:
    """Tell the service what the user does with their voice."""

    activity: Activity


@dataclass(frozen=True, slots=True)
class SendAudio:
    """Send the samples from `start` to `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SendText:
    """Send a typed turn."""

    text: str


@dataclass(frozen=True, slots=True)
class SendReply:
    """Answer a tool call."""

    reply: ToolReply


@dataclass(frozen=True, slots=True)
class Proved:
    """A turn was answered: the service works."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """The service gave no sign of life: give up this connection."""

    detail: str


@dataclass(frozen=True, slots=True)
class AbortLink:
    """Another backend answers what this connection is about to answer: give it up."""


@dataclass(frozen=True, slots=True)
class Note:
    """Write a line into the log."""

    text: str
    turn: str
    words: str = ""


Send = SendActivity | SendAudio | SendText | SendReply
"""Goes to the service."""
Step = Send | Publish | Proved | Freeze | AbortLink | Note
"""One thing to do."""
