"""SignalWire: as Twilio, with a signing key and a bearer of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from actors.gateway.phone.doors.account_options import SignalwireAccount
from actors.gateway.phone.doors.call_notice import CallNotice
from actors.gateway.phone.doors.call_program import (
    OutboundCall,
    RestRequest,
    Step,
    StreamOffer,
    WebhookAnswer,
)
from actors.gateway.phone.doors.call_provider import EVERY_ACTION, RestAction
from actors.gateway.phone.doors.proofs import not_set, unsigned, wrong_secret, wrongly_signed
from actors.gateway.phone.doors.providers.laml import (
    laml_call,
    laml_notice,
    laml_program,
    laml_stream,
)
from actors.gateway.phone.doors.providers.twilio import VERSION, basic_header
from actors.gateway.phone.doors.signatures.shared_secret import bearer_of, is_bearer
from actors.gateway.phone.doors.signatures.signalwire import (
    SIGNATURE_HEADERS,
    is_signed_by_signalwire,
)
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest


class SignalwireProvider:
    """A space at SignalWire.

    Args:
        account: Its options.
        secret: Returns what the variable of an option holds.
    """

    name: ClassVar[str] = "signalwire"
    actions: ClassVar[frozenset[RestAction]] = EVERY_ACTION

    def __init__(self, account: SignalwireAccount, secret: Callable[[str], str]) -> None:
        self.number = account.number
        self._account = account
        self._token = secret(account.api_token)
        self._signing_key = secret(account.signing_key)
        self._stream_token = secret(account.stream_token)

    @property
    def signs(self) -> str:
        """As of `CallProvider`."""
        return "signing_key" if self._signing_key or self._stream_token else ""

    def prove(self, request: SignedRequest, now_s: float) -> str:
        """As of `CallProvider`; a request has nothing that it has only once."""
        del now_s
        if self._stream_token and bearer_of(request.headers):
            if not is_bearer(request.headers, self._stream_token):
                raise wrong_secret("phone.accounts.signalwire.stream_token")
            return ""
        if not any(header in request.headers for header in SIGNATURE_HEADERS):
            raise unsigned("X-SignalWire-Signature")
        if not self._signing_key:
            raise not_set("phone.accounts.signalwire.signing_key")
        if not is_signed_by_signalwire(request, self._signing_key):
            raise wrongly_signed("phone.accounts.signalwire.signing_key")
        return ""

    def notice(self, request: SignedRequest) -> CallNotice:
        """As of `CallProvider`."""
        return laml_notice(request)

    def stream(self, offer: StreamOffer) -> WebhookAnswer:
        """As of `CallProvider`."""
        return laml_stream(offer, authBearerToken=self._stream_token)

    def program(self, steps: Sequence[Step]) -> WebhookAnswer:
        """As of `CallProvider`."""
        return laml_program(steps)

    @property
    def missing(self) -> str:
        """As of `RestProvider`."""
        account = self._account
        complete = account.project_id and account.space_url and self._token
        return "" if complete else "project_id, space_url and api_token"

    def start(self, call: OutboundCall) -> RestRequest:
        """As of `RestProvider`."""
        return self._request("Calls", laml_call(call))

    def started(self, answer: Mapping[str, Any]) -> str:
        """As of `RestProvider`."""
        return str(answer.get("sid", ""))

    def hang_up(self, call_id: str) -> RestRequest:
        """As of `RestProvider`."""
        return self._request(f"Calls/{call_id}", {"Status": "completed"})

    def redirect(self, call_id: str, steps: Sequence[Step], url: str) -> RestRequest:
        """As of `RestProvider`: the document is fetched."""
        del steps
        return self._request(f"Calls/{call_id}", {"Url": url, "Method": "POST"})

    def _request(self, what: str, form: Mapping[str, str]) -> RestRequest:
        account = self._account
        base = f"{account.space_url.rstrip('/')}/api/laml/{VERSION}"
        return RestRequest(
            "POST",
            f"{base}/Accounts/{account.project_id}/{what}",
            basic_header(account.project_id, self._token),
            form=form,
        )
