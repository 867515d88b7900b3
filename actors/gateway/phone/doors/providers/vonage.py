"""Vonage: signed JWTs, NCCO, REST with a JWT of the application."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from actors.gateway.phone.doors.account_options import VonageAccount
from actors.gateway.phone.doors.call_notice import (
    CallNotice,
    NoticeKind,
    direction_named,
    texts_of,
)
from actors.gateway.phone.doors.call_program import (
    DialStep,
    OutboundCall,
    RestRequest,
    SpokenStep,
    Step,
    StreamOffer,
    WebhookAnswer,
)
from actors.gateway.phone.doors.call_provider import EVERY_ACTION, RestAction
from actors.gateway.phone.doors.proofs import late, unsigned, wrongly_signed
from actors.gateway.phone.doors.signatures.shared_secret import bearer_of
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from actors.gateway.phone.doors.signatures.vonage import is_vonage_in_time, vonage_claims

KINDS = {
    "machine": NoticeKind.MACHINE,
    "human": NoticeKind.PERSON,
    **dict.fromkeys(
        (
            "busy",
            "cancelled",
            "completed",
            "disconnected",
            "failed",
            "rejected",
            "timeout",
            "unanswered",
        ),
        NoticeKind.ENDED,
    ),
}
"""By the field `status` of events."""
JWT_LASTS_S = 60
"""It is made for one request."""


def application_jwt(application_id: str, private_key: str, now_s: int, once: str) -> str:
    """Return a token of the application, signed with RS256 (RFC 7518, 3.3).

    Args:
        application_id: Of the application.
        private_key: In PEM.
        now_s: Seconds since 1970.
        once: Another one each time.

    Raises:
        ValueError: it is no private key.
    """
    # 10 MB, for who asks Vonage for something.
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    # In an environment variable lines are often ended by a backslash and an n.
    key = load_pem_private_key(private_key.replace("\\n", "\n").encode(), None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the private key of a Vonage application is one of RSA")
    claims = {
        "application_id": application_id,
        "iat": now_s,
        "exp": now_s + JWT_LASTS_S,
        "jti": once,
    }
    parts = [
        _encoded(json.dumps(each).encode()) for each in ({"alg": "RS256", "typ": "JWT"}, claims)
    ]
    signed = ".".join(parts)
    return f"{signed}.{_encoded(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


class VonageProvider:
    """An application at Vonage.

    Args:
        account: Its options.
        secret: Returns what the variable of an option holds.
        bearer: Makes a token of the application, from its id and its private key.
    """

    name: ClassVar[str] = "vonage"
    actions: ClassVar[frozenset[RestAction]] = EVERY_ACTION

    def __init__(
        self,
        account: VonageAccount,
        secret: Callable[[str], str],
        bearer: Callable[[str, str], str],
    ) -> None:
        self.number = account.number
        self._account = account
        self._secret = secret(account.signature_secret)
        self._private_key = secret(account.private_key)
        self._bearer = bearer

    @property
    def signs(self) -> str:
        """As of `CallProvider`."""
        return "signature_secret" if self._secret else ""

    def prove(self, request: SignedRequest, now_s: float) -> str:
        """As of `CallProvider`; each token has a name."""
        if not bearer_of(request.headers):
            raise unsigned("Authorization: Bearer")
        claims = vonage_claims(request, self._secret)
        if claims is None:
            raise wrongly_signed("phone.accounts.vonage.signature_secret")
        if not is_vonage_in_time(claims, now_s):
            raise late()
        return str(claims["jti"])

    def notice(self, request: SignedRequest) -> CallNotice:
        """As of `CallProvider`."""
        said = texts_of(request.said)
        status = said.get("status", "")
        return CallNotice(
            KINDS.get(status, NoticeKind.CHANGED),
            said.get("uuid", ""),
            said.get("from", ""),
            said.get("to", ""),
            direction_named(said.get("direction", "")),
            status,
            said,
        )

    def stream(self, offer: StreamOffer) -> WebhookAnswer:
        """As of `CallProvider`."""
        endpoint: dict[str, Any] = {
            "type": "websocket",
            "uri": offer.url,
            "content-type": f"audio/l16;rate={self._account.rate_hz}",
            "headers": dict(offer.parameters),
        }
        connect: dict[str, Any] = {"action": "connect", "endpoint": [endpoint]}
        if offer.status_url:
            connect["eventUrl"] = [offer.status_url]
        return WebhookAnswer.of_json([connect])

    def program(self, steps: Sequence[Step]) -> WebhookAnswer:
        """As of `CallProvider`; a call ends with its last action."""
        return WebhookAnswer.of_json(self._actions(steps))

    @property
    def missing(self) -> str:
        """As of `RestProvider`."""
        account = self._account
        complete = account.application_id and self._private_key
        return "" if complete else "application_id and private_key"

    def start(self, call: OutboundCall) -> RestRequest:
        """As of `RestProvider`."""
        command: dict[str, Any] = {
            "to": [_endpoint(call.to)],
            "from": {"type": "phone", "number": call.from_number.lstrip("+")},
            "answer_url": [call.answer_url],
            "answer_method": "POST",
            "event_url": [call.status_url],
            "event_method": "POST",
            "ringing_timer": call.rings_s,
        }
        if call.machine_url:
            command["machine_detection"] = "continue"
        return self._request("POST", "", command)

    def started(self, answer: Mapping[str, Any]) -> str:
        """As of `RestProvider`."""
        return str(answer.get("uuid", ""))

    def hang_up(self, call_id: str) -> RestRequest:
        """As of `RestProvider`."""
        return self._request("PUT", f"/{call_id}", {"action": "hangup"})

    def redirect(self, call_id: str, steps: Sequence[Step], url: str) -> RestRequest:
        """As of `RestProvider`."""
        del url
        destination = {"type": "ncco", "ncco": self._actions(steps)}
        command = {"action": "transfer", "destination": destination}
        return self._request("PUT", f"/{call_id}", command)

    def _actions(self, steps: Sequence[Step]) -> list[dict[str, Any]]:
        actions: list[dict[str, Any]] = []
        for step in steps:
            match step:
                case SpokenStep():
                    talk = {"action": "talk", "text": step.text}
                    actions.append(talk | ({"language": step.language} if step.language else {}))
                case DialStep():
                    connect: dict[str, Any] = {"action": "connect"}
                    caller_id = step.caller_id or self.number
                    if caller_id:
                        connect["from"] = caller_id.lstrip("+")
                    actions.append(connect | {"endpoint": [_endpoint(step.number)]})
        return actions

    def _request(self, method: str, what: str, command: Mapping[str, Any]) -> RestRequest:
        account = self._account
        bearer = self._bearer(account.application_id, self._private_key)
        headers = {"Authorization": f"Bearer {bearer}"}
        return RestRequest(
            method, f"{account.api_url}/v1/calls{what}", headers, json_body=dict(command)
        )


def _endpoint(number: str) -> dict[str, Any]:
    if number.startswith("sip:"):
        return {"type": "sip", "uri": number}
    return {"type": "phone", "number": number.lstrip("+")}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
