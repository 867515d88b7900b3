"""What a webhook of a provider says, in words that all of them have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from actors.gateway.phone.context import CallDirection
from actors.gateway.phone.dialects.media_json import clean


class NoticeKind(Enum):
    """What a webhook is about."""

    CALLING = auto()
    """Somebody calls, or was called and has answered: it is asked what is to happen."""
    CHANGED = auto()
    """The call is somewhere on its way: it rings, or was answered."""
    ENDED = auto()
    """The call is over, or never came about."""
    MACHINE = auto()
    """An answering machine took the call, or a fax."""
    PERSON = auto()
    """A person did."""


@dataclass(frozen=True)
class CallNotice:
    """What a webhook says.

    Attributes:
        kind: What it is about.
        call_id: The provider's name of the call; empty if it does not say it.
        caller: Number or address of who calls.
        called: Of who is called.
        direction: Who called whom; None if it is not said.
        status: How the call is, in the provider's own word.
        said: All that it said by name, also of the address that was configured.
        is_event: It tells something, also where others ask what is to happen.
    """

    kind: NoticeKind
    call_id: str
    caller: str = ""
    called: str = ""
    direction: CallDirection | None = None
    status: str = ""
    said: dict[str, str] = field(default_factory=dict)
    is_event: bool = False


def direction_named(word: str) -> CallDirection | None:
    """Return who called whom, by a word such as `inbound`, `outgoing` or `outbound-api`."""
    beginnings = {"in": CallDirection.INBOUND, "out": CallDirection.OUTBOUND}
    return next((way for text, way in beginnings.items() if word.lower().startswith(text)), None)


def texts_of(said: Mapping[str, object]) -> dict[str, str]:
    """Return what is text or a number, by name; the rest has no meaning for a call.

    Without what no answer, token or database can keep: half pairs, and zeros.
    """
    return {
        clean(name): clean(str(value))
        for name, value in said.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }
