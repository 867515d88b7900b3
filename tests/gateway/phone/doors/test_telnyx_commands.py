"""Telnyx' Call Control: calls are answered, spoken to and ended by commands."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from gateway_client import GatewayOnStage, exchanged, gateway_on_stage
from gateway_keys import ask

from benchmarks.phone_callers.provider_api import ProviderApi

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
ANSWER = "/phone/telnyx/answer"
ACTIONS = "/v2/calls/v3:1/actions/"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, api: ProviderApi) -> Iterator[GatewayOnStage]:
    monkeypatch.setenv("TEST_TELNYX", "KEY0123456789")
    account = {
        "api_key": "$TEST_TELNYX",
        "public_key": PUBLIC_KEY,
        "connection_id": "c1",
        "api_url": api.url,
        "number": "+4930",
    }
    business = {"numbers": ["+4930"], "on_machine": "message", "message": "Call us."}
    options = {
        "public_url": "https://voice.example",
        "accounts": {"telnyx": account},
        "businesses": {"bakery": business},
    }
    with gateway_on_stage(phone=options) as on_stage:
        yield on_stage


def tell(gateway: GatewayOnStage, path: str, event: str, late_s: int = 0, **said: Any) -> int:
    """Send an event as Telnyx does; return the status that it is answered."""
    payload = {"call_control_id": "v3:1", "from": "+1", "to": "+4930", **said}
    body = {"data": {"event_type": event, "payload": payload}}
    stamp = str(int(time.time()) - late_s)
    signed = f"{stamp}|{json.dumps(body)}".encode()
    headers = {
        "telnyx-timestamp": stamp,
        "telnyx-signature-ed25519": base64.b64encode(PRIVATE.sign(signed)).decode(),
    }
    url = f"http://{gateway.url}{path}"
    return gateway.meanwhile(lambda: exchanged(url, "POST", body, **headers))[0]


def test_a_call_is_answered_with_a_stream(gateway: GatewayOnStage, api: ProviderApi) -> None:
    assert tell(gateway, ANSWER, "call.initiated", direction="incoming") == 200
    ((method, path, command),) = api.requests
    assert (method, path) == ("POST", ACTIONS + "answer")
    assert command["stream_bidirectional_mode"] == "rtp"
    parts = urlsplit(command["stream_url"])
    assert (parts.scheme, parts.netloc) == ("wss", "voice.example")
    given = {each["name"]: each["value"] for each in command["custom_parameters"]}
    assert (given["business"], given["caller"]) == ("bakery", "+1")
    client = gateway.connect(parts.path)
    gateway.meanwhile(client.close)
    for event in ("call.answered", "streaming.started", "call.bridged"):
        assert tell(gateway, ANSWER, event, direction="incoming") == 200
    assert len(api.requests) == 1


def test_a_call_for_nobody_is_ended(gateway: GatewayOnStage, api: ProviderApi) -> None:
    assert tell(gateway, ANSWER, "call.initiated", direction="incoming", to="+1999") == 200
    assert [path for _, path, _ in api.requests] == [ACTIONS + "hangup"]


def test_a_call_of_ours_that_cannot_be_served_when_it_is_answered_is_ended(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    api.answers.append((200, {"data": {"call_control_id": "v3:1"}}))
    _, told, _ = ask(gateway, "POST", "/api/v1/calls", {"to": "+15"})
    gateway.harness.actor.readiness.leaving = "the gateway goes"
    path = f"{ANSWER}?order={told['id']}"
    assert tell(gateway, path, "call.answered", direction="outgoing", to="+15") == 200
    assert [path for _, path, _ in api.requests[1:]] == [ACTIONS + "hangup"]


def test_a_call_that_was_handed_on_and_is_hung_up_has_not_failed(gateway: GatewayOnStage) -> None:
    assert tell(gateway, ANSWER, "call.initiated", direction="incoming") == 200
    call = "/api/v1/calls/v3:1"
    assert ask(gateway, "POST", f"{call}/transfer", {"to": "+15"})[0] == 200
    assert ask(gateway, "GET", call)[1]["state"] == "handed_on"
    assert tell(gateway, ANSWER, "call.hangup", direction="incoming") == 200
    assert ask(gateway, "GET", call)[1]["state"] == "ended"


def test_what_is_late_or_was_said_before_is_refused(gateway: GatewayOnStage) -> None:
    assert tell(gateway, ANSWER, "call.bridged", late_s=290) == 200
    assert tell(gateway, ANSWER, "call.bridged", late_s=290) == 403
    assert tell(gateway, ANSWER, "call.bridged", late_s=310) == 403


def test_a_call_of_ours_has_its_stream_when_it_is_answered_and_its_message_step_by_step(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    api.answers.append((200, {"data": {"call_control_id": "v3:1"}}))
    code, told, _ = ask(gateway, "POST", "/api/v1/calls", {"to": "+15"})
    assert (code, told["call_id"]) == (200, "v3:1")
    dial = api.requests[0][2]
    assert (dial["connection_id"], dial["answering_machine_detection"]) == ("c1", "greeting_end")
    path = f"{ANSWER}?order={told['id']}"
    for event in ("call.initiated", "call.answered"):
        assert tell(gateway, path, event, direction="outgoing", to="+15") == 200
    assert [each[1] for each in api.requests[1:]] == [ACTIONS + "streaming_start"]
    machine = "call.machine.detection.ended"
    assert tell(gateway, path, machine, direction="outgoing", result="machine") == 200
    assert api.requests[-1][1:] == (
        ACTIONS + "speak",
        {"payload": "Call us.", "voice": "female", "language": "en-US"},
    )
    assert tell(gateway, path, "call.speak.ended", direction="outgoing") == 200
    assert api.requests[-1][1] == ACTIONS + "hangup"
    assert tell(gateway, path, "call.hangup", direction="outgoing") == 200
    assert ask(gateway, "GET", "/api/v1/calls/v3:1")[1]["state"] == "ended"


def test_a_provider_that_refuses_is_no_reason_to_be_told_again(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    api.answers.append((422, {"errors": [{"code": "90018", "detail": "gone"}]}))
    assert tell(gateway, ANSWER, "call.initiated", direction="incoming") == 200
