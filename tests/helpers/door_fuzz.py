"""Requests that no provider and no website should make of a gateway's doors, from a seed."""

from __future__ import annotations

import json
import random
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fuzzing import any_value, broken, json_text, with_faults

from actors.gateway.phone.dialects import DIALECTS
from actors.gateway.phone.doors.signatures.signed_request import FORM

JSON = "application/json"
CALL: dict[str, Any] = {
    "CallSid": "CA1", "CallUUID": "u1", "uuid": "u1", "call_sid": "j1", "call_id": "a1",
    "From": "+1", "To": "+2", "from": "+1", "to": "+2", "caller": "100", "called": "200",
    "CallFrom": "1", "CallTo": "2", "Direction": "inbound", "direction": "incoming",
    "CallStatus": "ringing", "status": "started", "call_status": "trying", "AnsweredBy": "human",
    "Machine": "true", "Event": "Hangup", "type": "amd_machine_detected", "business": "garage",
}  # fmt: skip
"""What the webhooks of all providers say, together."""
TELNYX = {
    "data": {
        "event_type": "call.initiated",
        "payload": {"call_control_id": "v3:1", "from": "+1", "to": "+2", "direction": "incoming"},
    }
}
OUTBOUND: dict[str, Any] = {
    "to": "+4915",
    "from": "+4930",
    "provider": "twilio",
    "business": "garage",
    "instruction": "Ask for the time.",
    "language": "de-DE",
    "voice": "Kore",
    "speaks_first": True,
    "lasts_s": 60,
    "parameters": {"order": "7"},
    "on_machine": "message",
    "message": "Call us.",
    "rings_s": 30,
}
EXPECTED: dict[str, Any] = {
    "call_id": "a1",
    "business": "garage",
    "caller": "100",
    "called": "200",
    "direction": "inbound",
    "parameters": {"queue": "two"},
    "lasts_s": 5,
}
WEBHOOKS = ("answer", "status", "machine", "hangup", "then/1")
KINDS = (FORM, JSON, "text/plain", "multipart/form-data", "", "application/json; charset=utf-7")
QUERIES = ("", "?business=garage", "?order=%ff", "?business=%ED%A0%80", "?=&;&business=", "?a=[")
NAMES = ("carrier_pigeon", "audiosocket", "..", "%2e%2e", "%00", "%ed%a0%80", "x" * 3000)
DEEP = b"[" * 50_000
LONG = b'{"call_id": "' + b"x" * 70_000 + b'"}'


class OddRequest(NamedTuple):
    """A request that may be anything."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


class DoorFuzz:
    """An endless source of requests; the same seed gives the same ones.

    Args:
        seed: Where it begins.
        key: With which they come in.
    """

    def __init__(self, seed: int, key: str = "") -> None:
        self._dice = random.Random(seed)
        self._key = {"X-API-Key": key} if key else {}

    def request(self) -> OddRequest:
        """Return the next one."""
        if self._dice.random() < 0.5:
            return self._webhook()
        return self._rest()

    def _webhook(self) -> OddRequest:
        dice = self._dice
        name = dice.choice(sorted(DIALECTS)) if dice.random() < 0.9 else dice.choice(NAMES)
        path = f"/phone/{name}/{dice.choice(WEBHOOKS)}{dice.choice(QUERIES)}"
        true: dict[str, Any] = {key: value for key, value in CALL.items() if dice.random() < 0.5}
        if dice.random() < 0.2:
            true |= TELNYX
        if dice.random() < 0.4:
            form = {key: json_text(dice, self._odd(value), 0.0) for key, value in true.items()}
            body = urlencode({key: text.strip('"') for key, text in form.items()}).encode()
            kind = FORM
        else:
            body, kind = self._json(true), JSON
        return self._odd_request(dice.choice(("POST", "POST", "GET")), path, body, kind)

    def _rest(self) -> OddRequest:
        dice = self._dice
        calls = "/api/v1/calls"
        known = quote(dice.choice(("CA1", "a1", "\ud800", "x" * 2000, "")), errors="surrogatepass")
        method, path, true = dice.choice(
            (
                ("POST", calls, OUTBOUND),
                ("POST", f"{calls}/expected", EXPECTED),
                ("POST", f"{calls}/{known}/transfer", {"to": "+49"}),
                ("DELETE", f"{calls}/{known}", {}),
                ("GET", f"{calls}/{known}", {}),
                ("POST", "/api/v1/live-audio/session/end", {"session_id": "s"}),
                ("POST", "/api/v1/live-audio/token", {"lasts_s": 5}),
            )
        )
        return self._odd_request(method, path, self._json(true), JSON)

    def _odd(self, value: Any) -> Any:
        dice = self._dice
        return any_value(dice) if dice.random() < 0.15 else value

    def _json(self, true: dict[str, Any]) -> bytes:
        dice = self._dice
        match dice.randrange(8):
            case 0:
                return DEEP if dice.random() < 0.5 else LONG
            case 1:
                return json_text(dice, any_value(dice), 0.1).encode()
            case 2:
                return broken(dice, json.dumps(true).encode())
            case 3:
                return json.dumps({**true, dice.choice(("\ud800", "", "x" * 9000)): 1}).encode()
        odd = {name: self._odd(value) for name, value in true.items()}
        return json_text(dice, with_faults(dice, odd, 0.05), 0.05).encode()

    def _odd_request(self, method: str, path: str, body: bytes, kind: str) -> OddRequest:
        dice = self._dice
        kind = dice.choice(KINDS) if dice.random() < 0.1 else kind
        headers = {"Content-Type": kind} | self._key
        if dice.random() < 0.05:
            headers["Authorization"] = dice.choice(("Basic !", "Basic gICA", "Bearer \xff", "x"))
        return OddRequest(method, path, body, headers)


def status_of(address: str, asked: OddRequest) -> int:
    """Make a request; return the status of its answer, which is read."""
    connection = HTTPConnection(address, timeout=20)
    try:
        connection.request(asked.method, asked.path, asked.body, asked.headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
