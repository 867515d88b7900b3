"""Calls as their providers meet the gateway: a webhook, a socket, a status, and who is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from xml.etree.ElementTree import fromstring

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from gateway_keys import add_key, ask
from phone_client import TwilioEnd
from phone_webhooks import CALLER, OURS, PHONE, PUBLIC, TOKEN, by_twilio, of_call, post
from websockets.exceptions import ConnectionClosed, InvalidStatus

from actors.gateway.phone.doors.signatures.plivo import plivo_signature
from actors.gateway.phone.doors.signatures.twilio import twilio_signature
from pipeline.frames import SessionEnd, SessionEnded


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayOnStage]:
    monkeypatch.setenv("TEST_TWILIO", TOKEN)
    with gateway_on_stage(phone=PHONE) as on_stage:
        yield on_stage


def taken(gateway: GatewayOnStage, call: str = "CA1", **said: str) -> tuple[str, dict[str, str]]:
    """Path of the socket that a webhook is answered with, and the parameters of its first words."""
    status, kind, text = by_twilio(gateway, "/phone/twilio/answer", of_call(call, **said))
    assert (status, kind.partition(";")[0]) == (200, "text/xml"), text
    stream = fromstring(text).find("Connect/Stream")
    assert stream is not None, text
    url = stream.attrib["url"]
    assert url.startswith("wss://voice.example/phone/twilio/")
    given = {each.attrib["name"]: each.attrib["value"] for each in stream.iter("Parameter")}
    return url.removeprefix("wss://voice.example"), given


def refused(gateway: GatewayOnStage, path: str, **headers: str) -> int:
    """Status of a handshake that is refused."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    with pytest.raises(InvalidStatus) as error:
        gateway.connect(path, additional_headers=named)
    return error.value.response.status_code


def counted(gateway: GatewayOnStage, denial: str) -> int:
    return int(gateway.harness.actor.counters[f"refused_{denial}"])


def test_a_call_has_the_manner_of_its_business_before_its_first_word(
    gateway: GatewayOnStage,
) -> None:
    path, given = taken(gateway)
    assert given == {
        "business": "bakery-42",
        "direction": "inbound",
        "caller": CALLER,
        "called": OURS,
        "call_id": "CA1",
    }
    phone = TwilioEnd(gateway, path)
    opened = phone.begin(**given)
    assert (opened.instruction, opened.language, opened.voice) == ("Sell bread.", "de-DE", "Kore")
    assert (opened.speaks_first, opened.lasts_s, opened.records) == (True, 300, "nothing")
    assert opened.labels == {
        "protocol": "telephone",
        "provider": "twilio",
        "call": "CA1",
        "direction": "inbound",
        "caller": CALLER,
        "called": OURS,
        "business": "bakery-42",
    }
    gateway.meanwhile(phone.client.close)


def test_a_call_knows_nothing_of_the_one_before_it(gateway: GatewayOnStage) -> None:
    path, given = taken(gateway)
    first = TwilioEnd(gateway, path)
    first.begin(**given, secret="of the first")
    gateway.meanwhile(first.client.close)
    path, _ = taken(gateway, "CA2", To="+49409", From="+1555")
    second = TwilioEnd(gateway, path)
    # A provider that says the parameters of the call before is not believed.
    opened = second.begin("CA2", business="bakery-42")
    assert opened.instruction == "Mend cars."
    assert opened.labels["business"] == "garage"
    assert (opened.labels["caller"], opened.labels["called"]) == ("+1555", "+49409")
    gateway.meanwhile(second.client.close)


@pytest.mark.parametrize(
    "base",
    [
        "http://voice.example",
        "https://voice.example:8443",
        "https://voice.example/",
        "https://other.example",
        "https://voice.example/phone",
    ],
)
def test_a_webhook_that_was_signed_for_another_url_is_refused(
    gateway: GatewayOnStage, base: str
) -> None:
    status, _, text = by_twilio(gateway, "/phone/twilio/answer", of_call(), base)
    assert (status, json.loads(text)["code"]) == (403, "signature_wrong")
    assert counted(gateway, "signature_wrong") == 1
    assert TOKEN not in text


def test_what_is_not_signed_is_refused_whatever_it_says_of_its_host(
    gateway: GatewayOnStage,
) -> None:
    path = "/phone/twilio/answer"
    status, _, text = post(gateway, path, of_call(), {})
    assert (status, json.loads(text)["code"]) == (403, "unsigned")
    for host in ("evil.example", "voice.example"):
        forged = twilio_signature(TOKEN, f"https://evil.example{path}", of_call().items())
        headers = {"Host": host, "X-Forwarded-Host": host, "X-Twilio-Signature": forged}
        assert post(gateway, path, of_call(), headers)[0] == 403
    changed = {**of_call(), "To": "+49409"}
    signature = twilio_signature(TOKEN, PUBLIC + path, of_call().items())
    assert post(gateway, path, changed, {"X-Twilio-Signature": signature})[0] == 403


def test_a_socket_s_token_is_taken_once_and_for_its_call_only(gateway: GatewayOnStage) -> None:
    path, _ = taken(gateway)
    assert refused(gateway, path.replace("twilio", "plivo")) == 403
    assert refused(gateway, path[:-1]) == 403
    assert refused(gateway, "/phone/twilio") == 403
    phone = TwilioEnd(gateway, path)
    assert refused(gateway, path) == 403
    start = {
        "streamSid": "MZ1",
        "callSid": "CA2",
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {},
    }
    phone.send(event="start", streamSid="MZ1", start=start)

    def closed() -> tuple[int, str]:
        with pytest.raises(ConnectionClosed) as error:
            phone.client.recv(timeout=20)
        assert error.value.rcvd is not None
        return error.value.rcvd.code, error.value.rcvd.reason

    code, reason = gateway.meanwhile(closed)
    assert code == 1008
    assert "another call" in reason
    assert counted(gateway, "token_other_call") == 2
    assert counted(gateway, "token_used") == 1
    assert not [each for each in gateway.harness.sent["sessions"] if each.session]


def test_a_socket_that_twilio_signed_takes_no_token_and_its_number_decides(
    gateway: GatewayOnStage,
) -> None:
    path = "/phone/twilio"
    signature = twilio_signature(TOKEN, f"wss://voice.example{path}", [])
    for wrong in (
        twilio_signature(TOKEN, f"https://voice.example{path}", []),
        twilio_signature(TOKEN, f"wss://voice.example{path}/", []),
        twilio_signature("x", f"wss://voice.example{path}", []),
    ):
        assert refused(gateway, path, X_Twilio_Signature=wrong) == 403
    client = gateway.connect(path, additional_headers={"X-Twilio-Signature": signature})
    phone = TwilioEnd.__new__(TwilioEnd)
    phone.gateway, phone.client, phone.session = gateway, client, ""
    opened = phone.begin(called=OURS, direction="inbound")
    assert opened.labels["business"] == "bakery-42"
    gateway.meanwhile(client.close)


def test_a_token_with_a_wrong_signature_is_refused_and_not_used_up(
    gateway: GatewayOnStage,
) -> None:
    path, given = taken(gateway)
    assert refused(gateway, path, X_Twilio_Signature="bm8=") == 403
    phone = TwilioEnd(gateway, path)
    phone.begin(**given)
    gateway.meanwhile(phone.client.close)


def test_a_webhook_asked_again_is_answered_with_the_same_token(gateway: GatewayOnStage) -> None:
    first, _ = taken(gateway)
    again, _ = taken(gateway)
    other, _ = taken(gateway, "CA2")
    assert first == again != other


def test_a_nonce_is_taken_once(gateway: GatewayOnStage) -> None:
    path = "/phone/plivo/status"
    form = {"CallUUID": "u1", "CallStatus": "ringing", "From": "1", "To": "2"}
    signature = plivo_signature(TOKEN, "POST", PUBLIC + path, form.items(), "n1")
    headers = {"X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": "n1"}
    assert post(gateway, path, form, headers)[0] == 200
    status, _, text = post(gateway, path, form, headers)
    assert (status, json.loads(text)["code"]) == (403, "signature_used")


def test_a_number_of_nobody_is_refused_in_words(gateway: GatewayOnStage) -> None:
    form = of_call(to="+1999")
    status, _, text = by_twilio(gateway, "/phone/twilio/answer", form)
    response = fromstring(text)
    assert status == 200
    assert [each.tag for each in response] == ["Say", "Hangup"]
    assert response.findtext("Say") == "This number is not in service. Goodbye."


def test_a_business_may_be_named_in_the_webhook_s_address(gateway: GatewayOnStage) -> None:
    path = "/phone/twilio/answer?business=garage"
    form = of_call(to="+1999")
    _, _, text = by_twilio(gateway, path, form)
    names = {
        each.attrib["name"]: each.attrib["value"] for each in fromstring(text).iter("Parameter")
    }
    assert names["business"] == "garage"


def test_a_hang_up_that_the_provider_tells_ends_a_call_whose_socket_stays_open(
    gateway: GatewayOnStage,
) -> None:
    path, given = taken(gateway)
    phone = TwilioEnd(gateway, path)
    phone.begin(**given)
    status, _, _ = by_twilio(gateway, "/phone/twilio/status", of_call(CallStatus="completed"))
    assert status == 200
    ended = gateway.harness.expect("sessions", SessionEnded)
    assert (ended.session, ended.reason) == (phone.session, SessionEnd.HUNG_UP)
    gateway.harness.end(phone.session, SessionEnd.HUNG_UP)
    assert not gateway.harness.actor.phones.lines.enders
    gateway.meanwhile(phone.client.close)


@pytest.mark.parametrize("provider", ["nobody", "..", "TWILIO"])
def test_a_provider_that_there_is_not_is_said(gateway: GatewayOnStage, provider: str) -> None:
    status, _, text = post(gateway, f"/phone/{provider}/answer", of_call(), {})
    assert status in (401, 404), text


def test_what_is_too_large_is_not_read(gateway: GatewayOnStage) -> None:
    status, _, _ = post(gateway, "/phone/twilio/answer", {"a": "b" * 100_000}, {})
    assert status == 413


def basic(password: str) -> str:
    return f"Basic {base64.b64encode(f'pbx:{password}'.encode()).decode()}"


def test_an_exchange_on_this_machine_is_served_as_long_as_nothing_is_configured() -> None:
    with gateway_on_stage() as gateway:
        phone = TwilioEnd(gateway, "/phone/twilio")
        opened = phone.begin(business="whoever")
        assert opened.labels["business"] == "whoever"
        gateway.meanwhile(phone.client.close)
        assert refused(gateway, "/phone/twilio", X_Forwarded_For="203.0.113.1") == 403
        assert counted(gateway, "forwarded_without_key") == 1
        key = add_key(gateway, "pbx", "talk")
        assert refused(gateway, "/phone/twilio") == 403
        assert refused(gateway, "/phone/asterisk", Authorization=basic("wrong")) == 403
        files = add_key(gateway, "files", "files")
        assert refused(gateway, "/phone/asterisk", Authorization=basic(files)) == 403
        for text in (basic(key), f"Bearer {key}"):
            client = gateway.connect(
                "/phone/asterisk",
                additional_headers={"Authorization": text},
                subprotocols=["media"],
            )
            gateway.meanwhile(client.close)


def test_without_a_public_url_a_signature_cannot_be_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_TWILIO", TOKEN)
    accounts = {"twilio": {"auth_token": "$TEST_TWILIO"}}
    with gateway_on_stage(phone={"accounts": accounts}) as gateway:
        status, _, text = by_twilio(gateway, "/phone/twilio/answer", of_call())
        assert (status, json.loads(text)["code"]) == (503, "public_url_missing")


def test_a_call_that_was_announced_has_what_was_said_of_it(gateway: GatewayOnStage) -> None:
    key = add_key(gateway, "pbx", "talk", "calls")
    body = {
        "call_id": "CA7",
        "business": "garage",
        "caller": "100",
        "direction": "inbound",
        "parameters": {"queue": "two"},
    }
    path = "/api/v1/calls/expected"
    assert ask(gateway, "POST", path, body)[0] == 401
    talker = add_key(gateway, "talker", "talk")
    assert ask(gateway, "POST", path, body, x_api_key=talker)[0] == 403
    wrong = {**body, "business": "bank"}
    code, told, _ = ask(gateway, "POST", path, wrong, x_api_key=key)
    assert (code, told["code"]) == (403, "business_unknown")
    assert ask(gateway, "POST", path, body, x_api_key=key)[0] == 200
    client = gateway.connect("/phone/signalwire", additional_headers={"X-API-Key": key})
    phone = TwilioEnd.__new__(TwilioEnd)
    phone.gateway, phone.client, phone.session = gateway, client, ""
    opened = phone.begin("CA7", queue="one")
    assert opened.instruction == "Mend cars."
    assert (opened.labels["caller"], opened.labels["direction"]) == ("100", "inbound")
    gateway.meanwhile(client.close)


def test_once_anything_is_configured_nothing_is_taken_unsigned_from_this_machine_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_TWILIO", TOKEN)
    accounts = {"twilio": {"auth_token": "$TEST_TWILIO"}}
    for phone in ({"accounts": accounts}, {"public_url": PUBLIC}, PHONE):
        with gateway_on_stage(phone=phone) as gateway:
            # That there is a key in the request says nothing, as long as there is no such key.
            for path in ("/phone/asterisk", "/phone/twilio", "/phone/vonage"):
                assert refused(gateway, path) in (403, 503)
                assert refused(gateway, path, Authorization=basic("any")) in (403, 503)
                assert refused(gateway, path, Authorization="Bearer any") in (403, 503)
            told = post(gateway, "/phone/asterisk/answer", {"call_id": "1"}, {"X-API-Key": "any"})
            assert told[0] == 403


def test_an_exchange_may_be_let_in_by_its_address(gateway: GatewayOnStage) -> None:
    accounts = {
        "asterisk": {"networks": ["127.0.0.1"]},
        "mod_audio_fork": {"networks": ["10.0.0.0/8"]},
    }
    with gateway_on_stage(phone={"public_url": PUBLIC, "accounts": accounts}) as other:
        client = other.connect("/phone/asterisk", subprotocols=["media"])
        other.meanwhile(client.close)
        assert refused(other, "/phone/asterisk", X_Forwarded_For="203.0.113.1") == 403
        assert refused(other, "/phone/mod_audio_fork") == 403
        status, _, text = post(other, "/phone/asterisk/answer", {"call_id": "c1"}, {})
        assert status == 200
        assert text.startswith("wss://voice.example/phone/asterisk/")
