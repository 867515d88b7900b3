"""Plivo: signature V3 over the public URL, its own XML, REST with name and token of the account."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from xml.etree.ElementTree import Element

from actors.gateway.phone.doors.account_options import PlivoAccount
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
from actors.gateway.phone.doors.call_provider import EVERY_ACTION, RestAction
from actors.gateway.phone.doors.proofs import unsigned, wrongly_signed
from actors.gateway.phone.doors.providers.laml import OVER, laml_program
from actors.gateway.phone.doors.providers.twilio import basic_header
from actors.gateway.phone.doors.signatures.plivo import (
    MAIN_SIGNATURE,
    NONCE,
    SIGNATURE,
    is_signed_by_plivo,
)
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from actors.gateway.phone.doors.xml import add, xml_answer

OVER_TOO = OVER | {"timeout", "cancel"}
EXTRA_HEADER = re.compile(r"[A-Za-z0-9]+")
"""Its pages allow letters and digits only. The rest is kept here, with the token."""


class PlivoProvider:
    """An account at Plivo.

    Args:
        account: Its options.
        secret: Returns what the variable of an option holds.
    """

    name: ClassVar[str] = "plivo"
    actions: ClassVar[frozenset[RestAction]] = EVERY_ACTION

    def __init__(self, account: PlivoAccount, secret: Callable[[str], str]) -> None:
        self.number = account.number
        self._account = account
        self._token = secret(account.auth_token)

    @property
    def signs(self) -> str:
        """As of `CallProvider`."""
        return "auth_token" if self._token else ""

    def prove(self, request: SignedRequest, now_s: float) -> str:
        """As of `CallProvider`; each request has a nonce."""
        del now_s
        if SIGNATURE not in request.headers and MAIN_SIGNATURE not in request.headers:
            raise unsigned("X-Plivo-Signature-V3")
        if not is_signed_by_plivo(request, self._token):
            raise wrongly_signed("phone.accounts.plivo.auth_token")
        return request.headers[NONCE]

    def notice(self, request: SignedRequest) -> CallNotice:
        """As of `CallProvider`."""
        said = texts_of(request.said)
        status, machine = said.get("CallStatus", ""), said.get("Machine", "").lower()
        if said.get("Event") == "Hangup" or status in OVER_TOO:
            kind = NoticeKind.ENDED
        elif machine:
            kind = NoticeKind.MACHINE if machine == "true" else NoticeKind.PERSON
        else:
            kind = NoticeKind.CHANGED
        return CallNotice(
            kind,
            said.get("CallUUID", ""),
            said.get("From", ""),
            said.get("To", ""),
            direction_named(said.get("Direction", "")),
            status or said.get("Event", ""),
            said,
        )

    def stream(self, offer: StreamOffer) -> WebhookAnswer:
        """As of `CallProvider`."""
        response = Element("Response")
        add(
            response,
            "Stream",
            offer.url,
            bidirectional="true",
            keepCallAlive="true",
            contentType=self._account.content_type,
            extraHeaders=",".join(
                f"{name}={value}"
                for name, value in offer.parameters.items()
                if EXTRA_HEADER.fullmatch(name) and EXTRA_HEADER.fullmatch(value)
            ),
        )
        return xml_answer(response)

    def program(self, steps: Sequence[Step]) -> WebhookAnswer:
        """As of `CallProvider`."""
        return laml_program(steps, say="Speak", sip="User")

    @property
    def missing(self) -> str:
        """As of `RestProvider`."""
        return "" if self._account.auth_id and self._token else "auth_id and auth_token"

    def start(self, call: OutboundCall) -> RestRequest:
        """As of `RestProvider`."""
        command = {
            "from": call.from_number,
            "to": call.to,
            "answer_url": call.answer_url,
            "hangup_url": call.status_url,
            "ring_url": call.status_url,
            "ring_timeout": call.rings_s,
        }
        if call.machine_url:
            command |= {"machine_detection": "true", "machine_detection_url": call.machine_url}
        return self._request("POST", "", command)

    def started(self, answer: Mapping[str, Any]) -> str:
        """As of `RestProvider`: of one call the request has its name."""
        return str(answer.get("request_uuid", ""))

    def hang_up(self, call_id: str) -> RestRequest:
        """As of `RestProvider`."""
        return self._request("DELETE", f"{call_id}/")

    def redirect(self, call_id: str, steps: Sequence[Step], url: str) -> RestRequest:
        """As of `RestProvider`: the document is fetched."""
        del steps
        command = {"legs": "aleg", "aleg_url": url, "aleg_method": "POST"}
        return self._request("POST", f"{call_id}/", command)

    def _request(
        self, method: str, what: str, command: Mapping[str, Any] | None = None
    ) -> RestRequest:
        account = self._account
        url = f"{account.api_url}/v1/Account/{account.auth_id}/Call/{what}"
        return RestRequest(
            method, url, basic_header(account.auth_id, self._token), json_body=command
        )
