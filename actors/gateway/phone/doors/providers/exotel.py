"""Exotel: name and password; an applet asks for the address of the socket, or REST names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from actors.gateway.errors import CallerError
from actors.gateway.phone.context import CallDirection
from actors.gateway.phone.doors.account_options import ExotelAccount
from actors.gateway.phone.doors.call_notice import (
    CallNotice,
    NoticeKind,
    direction_named,
    texts_of,
)
from actors.gateway.phone.doors.call_program import (
    OutboundCall,
    RestRequest,
    Step,
    StreamOffer,
    WebhookAnswer,
)
from actors.gateway.phone.doors.call_provider import RestAction
from actors.gateway.phone.doors.proofs import unsigned, wrong_secret
from actors.gateway.phone.doors.providers.laml import OVER
from actors.gateway.phone.doors.providers.twilio import basic_header
from actors.gateway.phone.doors.signatures.shared_secret import basic_of, is_basic
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest

FLOW_GOES_ON = (
    "Exotel has no request for this: its flow goes on behind the applet when the socket closes, so "
    "put what is to follow there"
)


class ExotelProvider:
    """An account at Exotel.

    Args:
        account: Its options.
        secret: Returns what the variable of an option holds.
    """

    name: ClassVar[str] = "exotel"
    actions: ClassVar[frozenset[RestAction]] = frozenset({RestAction.START})

    def __init__(self, account: ExotelAccount, secret: Callable[[str], str]) -> None:
        self.number = account.number
        self._account = account
        self._api_token = secret(account.api_token)
        self._password = secret(account.password)

    @property
    def signs(self) -> str:
        """As of `CallProvider`."""
        return "password" if self._password else ""

    def prove(self, request: SignedRequest, now_s: float) -> str:
        """As of `CallProvider`; a request has nothing that it has only once."""
        del now_s
        if basic_of(request.headers) is None:
            raise unsigned("name and password (`wss://USER:PASSWORD@...` in the applet)")
        if not is_basic(request.headers, self._account.user, self._password):
            raise wrong_secret("phone.accounts.exotel.user and .password")
        return ""

    def notice(self, request: SignedRequest) -> CallNotice:
        """As of `CallProvider`."""
        said = texts_of(request.said)
        status = said.get("Status", said.get("CallStatus", ""))
        return CallNotice(
            NoticeKind.ENDED if status.lower() in OVER else NoticeKind.CHANGED,
            said.get("CallSid", ""),
            said.get("CallFrom", said.get("From", "")),
            said.get("CallTo", said.get("To", "")),
            direction_named(said.get("Direction", "")) or CallDirection.INBOUND,
            status,
            said,
        )

    def stream(self, offer: StreamOffer) -> WebhookAnswer:
        """As of `CallProvider`: the applet asked for the address of the socket."""
        return WebhookAnswer.of_json({"url": self._address(offer.url)})

    def program(self, steps: Sequence[Step]) -> WebhookAnswer:
        """As of `CallProvider`: an applet without an address goes on in its flow."""
        del steps
        return WebhookAnswer(status=403)

    @property
    def missing(self) -> str:
        """As of `RestProvider`."""
        account = self._account
        complete = account.account_sid and account.api_key and self._api_token
        return "" if complete else "account_sid, api_key and api_token"

    def start(self, call: OutboundCall) -> RestRequest:
        """As of `RestProvider`; what is to happen is the address of the socket itself."""
        account = self._account
        form = {
            "From": call.to,
            "CallerId": call.from_number,
            "StreamUrl": self._address(call.answer_url),
            "StreamType": "bidirectional",
            "StatusCallback": call.status_url,
            "StatusCallbackEvents[0]": "terminal",
            "TimeOut": str(call.rings_s),
        }
        return RestRequest(
            "POST",
            f"{account.api_url}/v1/Accounts/{account.account_sid}/Calls/connect.json",
            basic_header(account.api_key, self._api_token),
            form=form,
        )

    def started(self, answer: Mapping[str, Any]) -> str:
        """As of `RestProvider`."""
        call = answer.get("Call")
        return str(call.get("Sid", "")) if isinstance(call, dict) else ""

    def hang_up(self, call_id: str) -> RestRequest:
        """As of `RestProvider`."""
        raise CallerError(FLOW_GOES_ON)

    def redirect(self, call_id: str, steps: Sequence[Step], url: str) -> RestRequest:
        """As of `RestProvider`."""
        raise CallerError(FLOW_GOES_ON)

    def _address(self, url: str) -> str:
        """Return the address of the socket, at the rate of the options."""
        return f"{url}?sample-rate={self._account.rate_hz}"
