"""What all providers have in common: one file each says how it proves itself and how it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any, ClassVar, Protocol

from actors.gateway.phone.doors.call_notice import CallNotice
from actors.gateway.phone.doors.call_program import (
    OutboundCall,
    RestRequest,
    Step,
    StreamOffer,
    WebhookAnswer,
)
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest


class CallProvider(Protocol):
    """One account of a provider: pure, no sockets, no clocks."""

    @property
    def name(self) -> str:
        """In the path: `/phone/NAME/answer`."""

    @property
    def signs(self) -> str:
        """Which option makes it prove itself, if that is set; empty if it is not."""

    def prove(self, request: SignedRequest, now_s: float) -> str:
        """Look whether a request is the provider's.

        Args:
            request: A webhook, or a handshake.
            now_s: Seconds since 1970.

        Returns:
            What such a request has only once; empty if there is nothing like it.

        Raises:
            AccessDeniedError: it is not, and why.
        """

    def notice(self, request: SignedRequest) -> CallNotice:
        """Return what a webhook says."""

    def stream(self, offer: StreamOffer) -> WebhookAnswer:
        """Return the answer that lets the provider open a media socket."""

    def program(self, steps: Sequence[Step]) -> WebhookAnswer:
        """Return the answer that lets the provider do something else with a call."""


class RestAction(Enum):
    """What a provider can be asked by HTTP."""

    START = auto()
    HANG_UP = auto()
    REDIRECT = auto()


class RestProvider(CallProvider, Protocol):
    """One that can be asked by HTTP."""

    number: str
    """As which calls are started if they do not say."""
    actions: ClassVar[frozenset[RestAction]]
    """What it can be asked at all."""

    @property
    def missing(self) -> str:
        """Which options it takes that are not set; empty if all are."""

    def start(self, call: OutboundCall) -> RestRequest:
        """Return the request that starts a call."""

    def started(self, answer: Mapping[str, Any]) -> str:
        """Return the name of the call that was started; empty if it is not said."""

    def hang_up(self, call_id: str) -> RestRequest:
        """Return the request that ends a call."""

    def redirect(self, call_id: str, steps: Sequence[Step], url: str) -> RestRequest:
        """Return the request that lets a call do something else.

        Args:
            call_id: Which.
            steps: What.
            url: Where a provider that takes no steps in its request can fetch them.
        """


EVERY_ACTION = frozenset(RestAction)
