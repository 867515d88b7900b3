"""What happens in a call, with its time: printed, and looked at by tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class What(StrEnum):
    """Kinds of happenings, with the values they have beside the time."""

    CONNECTED = "connected"
    """`url`, `protocol`."""
    STARTED = "started"
    """The provider said that the line is up; `call_id`."""
    SAY = "say"
    """The person begins to say something; `name`."""
    KEY = "key"
    """The person pressed one; `key`."""
    KEYS_SENT = "keys_sent"
    """The server presses keys; `keys`."""
    ANSWER = "answer"
    """The first sound of an answer; `latency_ms` after the person's last word or key, if any."""
    GAP = "gap"
    """The line ran dry in an answer; `ms`. Told when sound comes again."""
    MARK = "mark"
    """A mark was asked for; `name`."""
    MARK_BACK = "mark_back"
    """It was given back; `name`, `after_ms`, `cleared`."""
    CLEAR = "clear"
    """What waited was thrown away: `left_ms`, `marks`."""
    CUT = "cut"
    """The answer fell silent after the person had spoken into it; `after_ms`."""
    FLOW = "flow"
    """The provider asked for a pause, or ended it; `paused`, `waiting_ms`."""
    DROPPED = "dropped"
    """Sound was lost because the queue was full; `ms`."""
    SESSION = "session"
    """The server began the conversation, or goes on with it; `session`, `resumed`."""
    WORDS = "words"
    """A piece of what was understood or answered; `role` (user, model), `text`."""
    TURN = "turn"
    """A turn is over; `turn`, `outcome`, `by`, as far as the protocol says it."""
    LOST = "lost"
    """The connection is lost, and another one is made for the same call; `why`."""
    ERROR = "error"
    """The server says that something is wrong, or that it goes away; `code`, `text`."""
    FAULT = "fault"
    """The server did what the provider refuses, or drops; `text`."""
    HUNG_UP = "hung_up"
    """The call is over; `by` (caller, server, provider, network) and `why`."""


Value = str | float | bool


@dataclass(frozen=True)
class Happening:
    """One of them.

    Attributes:
        at_s: Since the line was connected.
        what: Its kind.
        values: By name, as its kind says.
    """

    at_s: float
    what: What
    values: Mapping[str, Value] = field(default_factory=dict)


Tell = Callable[[Happening], None]
