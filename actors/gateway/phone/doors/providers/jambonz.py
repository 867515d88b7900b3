"""Jambonz: signed webhooks or name and password, verbs in JSON, REST with an API key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from actors.gateway.phone.doors.account_options import JambonzAccount
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
from actors.gateway.phone.doors.proofs import late, unsigned, wrong_secret, wrongly_signed
from actors.gateway.phone.doors.providers.laml import OVER
from actors.gateway.phone.doors.signatures.jambonz import (
    SIGNATURE,
    is_jambonz_in_time,
    is_signed_by_jambonz,
    jambonz_once,
)
from actors.gateway.phone.doors.signatures.shared_secret import basic_of, is_basic
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest

AMD_KINDS = {
    "amd_machine_detected": NoticeKind.MACHINE,
    "amd_tone_detected": NoticeKind.MACHINE,
    "amd_human_detected": NoticeKind.PERSON,
}


class JambonzProvider:
    """An account at a jambonz.

    Args:
        account: Its options.
        secret: Returns what the variable of an option holds.
    """

    name: ClassVar[str] = "jambonz"
    actions: ClassVar[frozenset[RestAction]] = EVERY_ACTION
    streaming: ClassVar[bool] = True
    """Sound goes to it as it comes; else in clips."""

    def __init__(self, account: JambonzAccount, secret: Callable[[str], str]) -> None:
        self.number = account.number
        self._account = account
        self._api_key = secret(account.api_key)
        self._webhook_secret = secret(account.webhook_secret)
        self._password = secret(account.password)

    @property
    def signs(self) -> str:
        """As of `CallProvider`."""
        if self._webhook_secret:
            return "webhook_secret"
        return "password" if self._password else ""

    def prove(self, request: SignedRequest, now_s: float) -> str:
        """As of `CallProvider`; sockets have name and password, webhooks a signature or those."""
        if self._webhook_secret and SIGNATURE in request.headers:
            if not is_signed_by_jambonz(request, self._webhook_secret):
                raise wrongly_signed("phone.accounts.jambonz.webhook_secret")
            if not is_jambonz_in_time(request, now_s):
                raise late()
            return jambonz_once(request)
        if not self._password or basic_of(request.headers) is None:
            raise unsigned("Jambonz-Signature, and no name and password")
        if not is_basic(request.headers, self._account.user, self._password):
            raise wrong_secret("phone.accounts.jambonz.user and .password")
        return ""

    def notice(self, request: SignedRequest) -> CallNotice:
        """As of `CallProvider`."""
        said = texts_of(request.said)
        status = said.get("call_status", "")
        kind = AMD_KINDS.get(said.get("type", ""), NoticeKind.CHANGED)
        return CallNotice(
            NoticeKind.ENDED if status in OVER else kind,
            said.get("call_sid", ""),
            said.get("from", ""),
            said.get("to", ""),
            direction_named(said.get("direction", "")),
            status or said.get("type", ""),
            said,
        )

    def stream(self, offer: StreamOffer) -> WebhookAnswer:
        """As of `CallProvider`."""
        rate_hz = self._account.rate_hz
        listen: dict[str, Any] = {
            "verb": "listen",
            "url": offer.url,
            "mixType": "mono",
            "sampleRate": rate_hz,
            "bidirectionalAudio": {
                "enabled": True,
                "streaming": self.streaming,
                "sampleRate": rate_hz,
            },
            "passDtmf": True,
            "metadata": dict(offer.parameters),
        }
        if self._password:
            listen["wsAuth"] = {"username": self._account.user, "password": self._password}
        return WebhookAnswer.of_json([{"verb": "answer"}, listen, {"verb": "hangup"}])

    def program(self, steps: Sequence[Step]) -> WebhookAnswer:
        """As of `CallProvider`."""
        verbs: list[dict[str, Any]] = []
        for step in steps:
            match step:
                case SpokenStep():
                    say: dict[str, Any] = {"verb": "say", "text": step.text}
                    if step.language:
                        say["synthesizer"] = {"vendor": "default", "language": step.language}
                    verbs.append(say)
                case DialStep():
                    dial: dict[str, Any] = {"verb": "dial", "target": [_target(step.number)]}
                    verbs.append(dial | ({"callerId": step.caller_id} if step.caller_id else {}))
                case _:
                    verbs.append({"verb": "hangup"})
        return WebhookAnswer.of_json(verbs)

    @property
    def missing(self) -> str:
        """As of `RestProvider`."""
        return "" if self._account.account_sid and self._api_key else "account_sid and api_key"

    def start(self, call: OutboundCall) -> RestRequest:
        """As of `RestProvider`."""
        command: dict[str, Any] = {
            "from": call.from_number,
            "to": _target(call.to),
            "call_hook": {"url": call.answer_url, "method": "POST"},
            "call_status_hook": {"url": call.status_url, "method": "POST"},
            "timeout": call.rings_s,
        }
        if self._account.application_sid:
            command["application_sid"] = self._account.application_sid
        if call.machine_url:
            command["amd"] = {"actionHook": call.machine_url}
        return self._request("POST", "", command)

    def started(self, answer: Mapping[str, Any]) -> str:
        """As of `RestProvider`."""
        return str(answer.get("sid", ""))

    def hang_up(self, call_id: str) -> RestRequest:
        """As of `RestProvider`."""
        return self._request("PUT", f"/{call_id}", {"call_status": "completed"})

    def redirect(self, call_id: str, steps: Sequence[Step], url: str) -> RestRequest:
        """As of `RestProvider`: the verbs are fetched."""
        del steps
        return self._request("PUT", f"/{call_id}", {"call_hook": {"url": url, "method": "POST"}})

    def _request(self, method: str, what: str, command: Mapping[str, Any]) -> RestRequest:
        account = self._account
        url = f"{account.api_url}/v1/Accounts/{account.account_sid}/Calls{what}"
        headers = {"Authorization": f"Bearer {self._api_key}"}
        return RestRequest(method, url, headers, json_body=dict(command))


class JambonzClipsProvider(JambonzProvider):
    """The same for a jambonz of before its sockets took sound as it comes."""

    name: ClassVar[str] = "jambonz-clips"
    streaming: ClassVar[bool] = False


def _target(number: str) -> dict[str, str]:
    if number.startswith("sip:"):
        return {"type": "sip", "sipUri": number}
    return {"type": "phone", "number": number}
