"""What is known of a call before its first word, and who decides whether it is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from actors.gateway.phone.dialect import CallStarted
from pipeline.frames.sessions import RecordingConsent


class CallDirection(StrEnum):
    """Who called whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True)
class OnFailure:
    """What becomes of a call that nobody can answer any more, after it was told so aloud.

    Without any of it a call goes on after failed turns; one whose session failed is hung up.

    Attributes:
        transfer_to: Number or address that it is handed on to; empty: to none.
        say: What it is told then besides, in the provider's voice; empty: nothing.
        calls_back: The caller is called back once somebody can answer again.
    """

    transfer_to: str = ""
    say: str = ""
    calls_back: bool = False


@dataclass(frozen=True)
class CallContext:
    """A call as the business that it is for wants it served. What is None is as in the options.

    Attributes:
        business: Id of the business; empty if the gateway serves only one.
        instruction: Of the model.
        language: BCP-47 code.
        voice: Name of the voice that answers.
        model: Name of the model.
        direction: Who called whom; None if nobody said it.
        caller: Number or address of who calls.
        called: Of who is called.
        speaks_first: The model begins, without being asked.
        parameters: What the webhook, or the exchange's dialplan, gave the call.
        lasts_s: How long it may last; None: as long as the gateway's conversations.
        transfers: Whom the model may hand the call on to: number or address by a name for each.
        on_failure: What becomes of it when nobody can answer.
        record: What of it may be recorded; None: as in the options of the gateway.
    """

    business: str = ""
    instruction: str | None = None
    language: str | None = None
    voice: str | None = None
    model: str | None = None
    direction: CallDirection | None = None
    caller: str = ""
    called: str = ""
    speaks_first: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    lasts_s: float | None = None
    transfers: Mapping[str, str] = field(default_factory=dict)
    on_failure: OnFailure = OnFailure()
    record: RecordingConsent | None = None


@dataclass(frozen=True)
class Knock:
    """A media socket that wants to come in.

    Attributes:
        provider: Name of the dialect, as in the path.
        token: The part of the path behind it; empty if there is none.
        path: As it was asked for, with the query, as the provider signed it.
        headers: Of the handshake, names in lower case; none of a plain TCP connection.
        address: From where it comes, as far as it is known.
    """

    provider: str
    token: str = ""
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


class CallAdmission(Protocol):
    """Decides which media sockets are served, and as which calls."""

    async def check(self, knock: Knock) -> None:
        """Look at a handshake, before the socket is accepted.

        Raises:
            AccessDeniedError: it is not let in.
        """

    async def admit(self, knock: Knock, started: CallStarted) -> CallContext:
        """Return how a call is served, once its line is up; asked once for each socket.

        Raises:
            AccessDeniedError: it is not served.
        """

    def closed(self, knock: Knock, call_id: str) -> None:
        """The media socket of a call that was admitted is closed: the call is over, unless it was
        handed on."""


class CallControl(Protocol):
    """What is asked of the provider beside the media socket."""

    def hangs_up(self, provider: str) -> bool:
        """Whether `hang_up` can be asked for."""

    def transfers(self, provider: str) -> bool:
        """Whether `transfer` can be asked for."""

    async def hang_up(self, provider: str, call_id: str) -> None:
        """End a call; one that is over already is no error.

        Raises:
            CallerError: the provider refuses, and why.
        """

    async def give_up(self, provider: str, call_id: str, context: CallContext) -> None:
        """Say what is said when nobody can answer, and hand the call on or end it, as configured.

        Raises:
            CallerError: the provider refuses, and why.
        """

    def call_back(self, provider: str, context: CallContext) -> bool:
        """Have whoever is on the line called back once somebody can answer; return whether that
        can be."""

    async def transfer(self, provider: str, call_id: str, number: str) -> None:
        """Hand a call on; its media socket is closed by that.

        Raises:
            CallerError: the provider refuses, and why.
        """
