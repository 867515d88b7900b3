"""Twilio: signatures over the public URL, TwiML, REST with the token of the account."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from actors.gateway.phone.doors.account_options import TwilioAccount
from actors.gateway.phone.doors.call_notice import CallNotice
from actors.gateway.phone.doors.call_program import (
    OutboundCall,
    RestRequest,
    Step,
    StreamOffer,
    WebhookAnswer,
)
from actors.gateway.phone.doors.call_provider import EVERY_ACTION, RestAction
from actors.gateway.phone.doors.proofs import not_set, unsigned, wrongly_signed
from actors.gateway.phone.doors.providers.laml import (
    laml_call,
    laml_notice,
    laml_program,
    laml_stream,
)
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from actors.gateway.phone.doors.signatures.twilio import (
    SETTINGS,
    SIGNATURE,
    TwilioAlgorithm,
    algorithm_of,
    is_signed_by_twilio,
)

VERSION = "2010-04-01"


def basic_header(name: str, password: str) -> dict[str, str]:
    """Return the header with name and password (RFC 7617)."""
    encoded = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


class TwilioProvider:
    """An account at Twilio.

    Args:
        account: Its options.
        secret: Returns what the variable of an option holds.
    """

    name: ClassVar[str] = "twilio"
    actions: ClassVar[frozenset[RestAction]] = EVERY_ACTION

    def __init__(self, account: TwilioAccount, secret: Callable[[str], str]) -> None:
        self.number = account.number
        self._account = account
        self._token = secret(account.auth_token)
        self._shared_key = secret(account.shared_key)

    @property
    def signs(self) -> str:
        """As of `CallProvider`."""
        return "auth_token" if self._token or self._shared_key else ""

    def prove(self, request: SignedRequest, now_s: float) -> str:
        """As of `CallProvider`; a request has nothing that it has only once."""
        del now_s
        if SIGNATURE not in request.headers:
            raise unsigned("X-Twilio-Signature")
        settings = request.headers.get(SETTINGS)
        option, key = "auth_token", self._token
        algorithm: TwilioAlgorithm | None = TwilioAlgorithm.SHA1
        if settings is not None:
            option, key, algorithm = "shared_key", self._shared_key, algorithm_of(settings)
        if not key:
            raise not_set(f"phone.accounts.twilio.{option}")
        if algorithm is None or not is_signed_by_twilio(request, key, algorithm):
            raise wrongly_signed(f"phone.accounts.twilio.{option}")
        return ""

    def notice(self, request: SignedRequest) -> CallNotice:
        """As of `CallProvider`."""
        return laml_notice(request)

    def stream(self, offer: StreamOffer) -> WebhookAnswer:
        """As of `CallProvider`."""
        return laml_stream(offer)

    def program(self, steps: Sequence[Step]) -> WebhookAnswer:
        """As of `CallProvider`."""
        return laml_program(steps)

    @property
    def missing(self) -> str:
        """As of `RestProvider`."""
        return "" if self._account.account_sid and self._token else "account_sid and auth_token"

    def start(self, call: OutboundCall) -> RestRequest:
        """As of `RestProvider`."""
        return self._request("Calls.json", laml_call(call))

    def started(self, answer: Mapping[str, Any]) -> str:
        """As of `RestProvider`."""
        return str(answer.get("sid", ""))

    def hang_up(self, call_id: str) -> RestRequest:
        """As of `RestProvider`."""
        return self._request(f"Calls/{call_id}.json", {"Status": "completed"})

    def redirect(self, call_id: str, steps: Sequence[Step], url: str) -> RestRequest:
        """As of `RestProvider`."""
        del url
        return self._request(f"Calls/{call_id}.json", {"Twiml": self.program(steps).body})

    def _request(self, what: str, form: Mapping[str, str]) -> RestRequest:
        account = self._account
        return RestRequest(
            "POST",
            f"{account.api_url}/{VERSION}/Accounts/{account.account_sid}/{what}",
            basic_header(account.account_sid, self._token),
            form=form,
        )
