"""Telnyx: Ed25519 over the body; TeXML, or commands where the application is of Call Control."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from actors.gateway.phone.context import CallDirection
from actors.gateway.phone.dialects.telnyx import CODEC, DEFAULTS, RATE
from actors.gateway.phone.doors.account_options import TelnyxAccount
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
from actors.gateway.phone.doors.providers.laml import laml_notice, laml_program, laml_stream
from actors.gateway.phone.doors.signatures.shared_secret import bearer_of, is_bearer
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from actors.gateway.phone.doors.signatures.telnyx import (
    SIGNATURE,
    TIMESTAMP,
    is_in_time,
    is_signed_by_telnyx,
    public_key_bytes,
    timed_once,
)

MACHINE_EVENTS = (
    "call.machine.detection.ended",
    "call.machine.premium.detection.ended",
    "call.machine.greeting.ended",
    "call.machine.premium.greeting.ended",
)


class TelnyxProvider:
    """An account at Telnyx.

    Args:
        account: Its options.
        secret: Returns what the variable of an option holds.

    Raises:
        ValueError: `public_key` is none.
    """

    name: ClassVar[str] = "telnyx"
    actions: ClassVar[frozenset[RestAction]] = EVERY_ACTION

    def __init__(self, account: TelnyxAccount, secret: Callable[[str], str]) -> None:
        self.number = account.number
        self._account = account
        self._api_key = secret(account.api_key)
        self._stream_token = secret(account.stream_token)
        if account.public_key:
            public_key_bytes(account.public_key)

    @property
    def signs(self) -> str:
        """As of `CallProvider`."""
        return "public_key" if self._account.public_key or self._stream_token else ""

    def prove(self, request: SignedRequest, now_s: float) -> str:
        """As of `CallProvider`; of a time and a body there is one request."""
        if self._stream_token and bearer_of(request.headers):
            if not is_bearer(request.headers, self._stream_token):
                raise wrong_secret("phone.accounts.telnyx.stream_token")
            return ""
        if SIGNATURE not in request.headers or not self._account.public_key:
            raise unsigned("Telnyx-Signature-Ed25519")
        if not is_signed_by_telnyx(request, self._account.public_key):
            raise wrongly_signed("phone.accounts.telnyx.public_key")
        if not is_in_time(request.headers[TIMESTAMP], now_s):
            raise late()
        return timed_once(request.headers[TIMESTAMP], request.body)

    def notice(self, request: SignedRequest) -> CallNotice:
        """As of `CallProvider`."""
        data = request.said.get("data")
        if not isinstance(data, dict):
            return laml_notice(request)
        event = texts_of(data).get("event_type", "")
        payload = data.get("payload")
        said = texts_of(payload if isinstance(payload, dict) else {})
        direction = direction_named(said.get("direction", "")) or CallDirection.INBOUND
        kind = NoticeKind.ENDED if event == "call.hangup" else NoticeKind.CHANGED
        if event == "call.initiated" and direction is CallDirection.INBOUND:
            kind = NoticeKind.CALLING
        if event in MACHINE_EVENTS:
            kind = NoticeKind.PERSON if said.get("result") == "human" else NoticeKind.MACHINE
        return CallNotice(
            kind,
            said.get("call_control_id", ""),
            said.get("from", ""),
            said.get("to", ""),
            direction,
            event,
            dict(request.query) | said,
            is_event=True,
        )

    def stream(self, offer: StreamOffer) -> WebhookAnswer:
        """As of `CallProvider`, in TeXML."""
        account = self._account
        return laml_stream(
            replace(offer, parameters=self._parameters(offer)),
            bidirectionalMode="rtp",
            bidirectionalCodec=account.codec,
            bidirectionalSamplingRate=str(account.rate_hz),
            codec=account.codec,
        )

    def program(self, steps: Sequence[Step]) -> WebhookAnswer:
        """As of `CallProvider`, in TeXML."""
        return laml_program(steps)

    def answer(self, call_id: str, offer: StreamOffer) -> RestRequest:
        """Return the command that answers a call of Call Control and opens the socket."""
        return self._command(call_id, "answer", self._streaming(offer))

    @property
    def missing(self) -> str:
        """As of `RestProvider`."""
        return "" if self._api_key else "api_key"

    def start(self, call: OutboundCall) -> RestRequest:
        """As of `RestProvider`; the socket is opened once it was answered."""
        command: dict[str, Any] = {
            "connection_id": self._account.connection_id,
            "to": call.to,
            "from": call.from_number,
            "webhook_url": call.answer_url,
            "timeout_secs": call.rings_s,
        }
        if call.machine_url:
            command["answering_machine_detection"] = "greeting_end"
        return self._request("calls", command)

    def started(self, answer: Mapping[str, Any]) -> str:
        """As of `RestProvider`."""
        data = answer.get("data")
        return str(data.get("call_control_id", "")) if isinstance(data, dict) else ""

    def open_stream(self, call_id: str, offer: StreamOffer) -> RestRequest:
        """Return the command that opens the socket of a call that was answered."""
        return self._command(call_id, "streaming_start", self._streaming(offer))

    def hang_up(self, call_id: str) -> RestRequest:
        """As of `RestProvider`."""
        return self._command(call_id, "hangup", {})

    def redirect(self, call_id: str, steps: Sequence[Step], url: str) -> RestRequest:
        """As of `RestProvider`: one command, that of the step that matters."""
        del url
        for step in steps:
            if isinstance(step, DialStep):
                command = {"to": step.number}
                if step.caller_id:
                    command["from"] = step.caller_id
                return self._command(call_id, "transfer", command)
            if isinstance(step, SpokenStep):
                speak = {"payload": step.text, "voice": "female"}
                speak["language"] = step.language or "en-US"
                return self._command(call_id, "speak", speak)
        return self.hang_up(call_id)

    def _streaming(self, offer: StreamOffer) -> dict[str, Any]:
        account = self._account
        parameters = self._parameters(offer)
        state = base64.b64encode(json.dumps(dict(offer.parameters)).encode()).decode()
        command: dict[str, Any] = {
            "stream_url": offer.url,
            "stream_track": "inbound_track",
            "stream_codec": account.codec,
            "stream_bidirectional_mode": "rtp",
            "stream_bidirectional_codec": account.codec,
            "stream_bidirectional_sampling_rate": account.rate_hz,
            "custom_parameters": [
                {"name": name, "value": value} for name, value in parameters.items()
            ],
            "client_state": state,
        }
        if self._stream_token:
            command["stream_auth_token"] = self._stream_token
        return command

    def _parameters(self, offer: StreamOffer) -> dict[str, str]:
        """What the first message says again: also the form of what is sent, which it leaves out."""
        asked = {CODEC: self._account.codec, RATE: str(self._account.rate_hz)}
        return dict(offer.parameters) if asked == DEFAULTS else {**offer.parameters, **asked}

    def _command(self, call_id: str, action: str, command: Mapping[str, Any]) -> RestRequest:
        return self._request(f"calls/{call_id}/actions/{action}", command)

    def _request(self, what: str, command: Mapping[str, Any]) -> RestRequest:
        headers = {"Authorization": f"Bearer {self._api_key}"}
        return RestRequest(
            "POST", f"{self._account.api_url}/v2/{what}", headers, json_body=dict(command)
        )
