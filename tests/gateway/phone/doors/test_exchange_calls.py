"""Calls of exchanges of one's own: started, handed on and ended, by what each has for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from gateway_keys import ask
from phone_webhooks import PUBLIC, post
from websockets.sync.client import ClientConnection

from benchmarks.phone_callers.provider_api import ProviderApi
from pipeline.frames import SessionEnd, SessionEnded, SessionOpened

CALLS = "/api/v1/calls"
OURS, THEIRS = "+493012345", "+4915112345"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"pbx:secret").decode()}
CHANNEL = "1790000000.17"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, api: ProviderApi) -> Iterator[GatewayOnStage]:
    monkeypatch.setenv("TEST_PBX", "secret")
    own = {"user": "pbx", "password": "$TEST_PBX", "number": OURS}
    of_api = {"api_url": api.url, "api_user": "fs", "api_password": "$TEST_PBX"}
    options: dict[str, Any] = {
        "public_url": PUBLIC,
        "accounts": {
            "asterisk": {
                **own,
                "asks_next": True,
                "ari_url": f"{api.url}/ari",
                "ari_user": "ari",
                "ari_password": "$TEST_PBX",
                "dial": "PJSIP/{number}@trunk",
            },
            "mod_audio_fork": {**own, **of_api, "dial": "sofia/gateway/trunk/{number}"},
            "mod_audio_stream": own,
        },
        "businesses": {
            "bakery": {"numbers": [OURS], "instruction": "Sell bread.", "transfers": {"baker": "7"}}
        },
    }
    with gateway_on_stage(phone=options) as on_stage:
        yield on_stage


def comes(gateway: GatewayOnStage, path: str, first: Any) -> tuple[ClientConnection, SessionOpened]:
    """The media socket of a call, and the session that is asked for."""
    line = gateway.connect(path, additional_headers=BASIC)
    gateway.meanwhile(lambda: line.send(json.dumps(first)))
    return line, gateway.let_in()


def of_asterisk(call_id: str) -> dict[str, Any]:
    return {
        "event": "MEDIA_START",
        "connection_id": "greenroom",
        "channel": "WebSocket/greenroom/0x7f",
        "channel_id": "1790000000.18",
        "format": "slin16",
        "optimal_frame_size": 640,
        "ptime": 20,
        "channel_variables": {"__call_id": call_id},
    }


def ordered(gateway: GatewayOnStage, **asked: Any) -> Any:
    code, told, _ = ask(gateway, "POST", CALLS, {"to": "+49 151 12345", **asked})
    assert code == 200, told
    return told


def state(gateway: GatewayOnStage, name: str) -> Any:
    return ask(gateway, "GET", f"{CALLS}/{name}")[1]


def let_go(gateway: GatewayOnStage, session: str) -> None:
    ended = gateway.harness.expect("sessions", SessionEnded)
    assert (ended.session, ended.reason) == (session, SessionEnd.HUNG_UP)
    gateway.harness.end(session)


def test_asterisk_starts_a_call_which_its_dialplan_hands_on(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    api.answers.append((200, {"id": CHANNEL, "state": "Down"}))
    told = ordered(gateway, provider="asterisk", instruction="Say that the bread is ready.")
    method, path, body = api.requests[0]
    assert (method, path) == ("POST", "/ari/channels")
    assert body["endpoint"] == f"PJSIP/{THEIRS}@trunk"
    assert (body["callerId"], body["extension"]) == (OURS, "greenroom")
    assert told["call_id"] == CHANNEL

    line, opened = comes(gateway, "/phone/asterisk", of_asterisk(CHANNEL))
    assert opened.instruction == "Say that the bread is ready."
    labels = opened.labels
    assert (labels["business"], labels["direction"]) == ("bakery", "outbound")
    assert (labels["caller"], labels["called"], labels["call"]) == (OURS, "+49 151 12345", CHANNEL)
    assert state(gateway, CHANNEL)["state"] == "connected"

    code, _, _ = ask(gateway, "POST", f"{CALLS}/{CHANNEL}/transfer", {"to": "+49 30 99"})
    assert code == 200
    let_go(gateway, opened.session)
    assert state(gateway, CHANNEL)["state"] == "handed_on"
    assert post(gateway, "/phone/asterisk/next", {"call_id": CHANNEL}, {})[0] == 403
    asked = [post(gateway, "/phone/asterisk/next", {"call_id": CHANNEL}, BASIC) for _ in "12"]
    assert [(code, text) for code, _, text in asked] == [(200, "+493099"), (200, "")]
    gateway.meanwhile(line.close)

    assert ask(gateway, "DELETE", f"{CALLS}/{CHANNEL}")[0] == 200
    assert api.requests[-1][:2] == ("DELETE", f"/ari/channels/{CHANNEL}")
    given = base64.b64decode(api.secrets[-1].removeprefix("Basic ")).decode()
    assert given == "ari:secret"


def test_freeswitch_starts_hands_on_and_ends_calls_by_its_commands(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    api.answers.append((200, "+OK Job-UUID: 6f1a\n"))
    name = ordered(gateway, provider="mod_audio_fork", rings_s=20)["call_id"]
    method, path, _ = api.requests[0]
    assert method == "GET"
    assert path.startswith("/txtapi/bgapi?originate%20%7Borigination_uuid%3D" + name)
    assert path.endswith("sofia/gateway/trunk/%2B4915112345%20greenroom%20XML%20default")

    metadata = {"uuid": name, "sampleRate": 8000}
    line, opened = comes(gateway, "/phone/mod_audio_fork", metadata)
    assert (opened.labels["business"], opened.labels["direction"]) == ("bakery", "outbound")
    api.answers.append((200, "+OK\n"))
    assert ask(gateway, "POST", f"{CALLS}/{name}/transfer", {"to": "7"})[0] == 200
    does = (
        f"{name}%20set%3Aeffective_caller_id_number%3D%2B493012345%2Cbridge%3Asofia/gateway/trunk/7"
    )
    assert api.requests[1][1] == f"/txtapi/uuid_transfer?{does}%20inline"
    let_go(gateway, opened.session)
    gateway.meanwhile(line.close)

    # It is over when we want it to be: that is no error.
    api.answers.append((200, "-ERR No such channel!\n"))
    assert ask(gateway, "DELETE", f"{CALLS}/{name}")[0] == 200
    assert api.requests[2][1] == f"/txtapi/uuid_kill?{name}"


def test_what_freeswitch_refuses_is_quoted(gateway: GatewayOnStage, api: ProviderApi) -> None:
    api.answers.append((200, "-ERR GATEWAY_DOWN\n"))
    asked = {"to": THEIRS, "provider": "mod_audio_fork"}
    code, told, _ = ask(gateway, "POST", CALLS, asked)
    assert code == 400
    assert "mod_audio_fork refuses: GATEWAY_DOWN" in told["error"]


@pytest.mark.parametrize("to", ["7|8", "+49&PJSIP/8", "{a=b}7", "sip:anna@pbx", "7,8", ""])
@pytest.mark.parametrize("provider", ["asterisk", "mod_audio_fork"])
def test_what_is_no_number_never_reaches_a_dialplan(
    gateway: GatewayOnStage, api: ProviderApi, provider: str, to: str
) -> None:
    code, _, _ = ask(gateway, "POST", CALLS, {"to": to, "provider": provider})
    assert code >= 400
    assert not api.requests


def test_what_an_exchange_has_no_means_for_is_said_with_what_to_do(
    gateway: GatewayOnStage,
) -> None:
    asked = {"to": THEIRS, "provider": "mod_audio_stream"}
    code, told, _ = ask(gateway, "POST", CALLS, asked)
    assert (code, "api_user, api_password and dial" in told["error"]) == (400, True)
    line, opened = comes(gateway, "/phone/mod_audio_stream", {"uuid": "u1", "called": OURS})
    # The model is not offered what cannot be done.
    offered = [each["name"] for each in opened.functions or []]
    assert "hang_up" in offered
    assert "transfer_call" not in offered
    gateway.meanwhile(line.close)


def test_a_started_call_that_does_not_come_has_failed(
    gateway: GatewayOnStage, api: ProviderApi
) -> None:
    api.answers.append((200, {"id": CHANNEL}))
    told = ordered(gateway, provider="asterisk")
    record = gateway.harness.actor.doors.door.records.find(told["id"])
    assert record is not None
    record.rings_until_s -= 1000
    assert state(gateway, told["id"])["state"] == "failed"
    assert state(gateway, told["id"])["detail"] == "nobody answered"
