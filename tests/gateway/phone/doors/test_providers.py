"""What each provider is told, and what its webhooks say: one table each."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import fromstring

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.errors import CallerError
from actors.gateway.phone.context import CallDirection
from actors.gateway.phone.dialects import DIALECTS
from actors.gateway.phone.dialects.telnyx import CODEC, RATE
from actors.gateway.phone.doors.account_options import AccountsOptions
from actors.gateway.phone.doors.call_notice import NoticeKind
from actors.gateway.phone.doors.call_program import (
    DialStep,
    HangUpStep,
    OutboundCall,
    RestRequest,
    SpokenStep,
    StreamOffer,
)
from actors.gateway.phone.doors.call_provider import CallProvider, RestProvider
from actors.gateway.phone.doors.provider_table import provider_table, vonage_bearer
from actors.gateway.phone.doors.providers.vonage import application_jwt
from actors.gateway.phone.doors.signatures.signed_request import FORM, SignedRequest
from pipeline.errors import ConfigError

ENVIRONMENT = {"TOKEN": "the-token", "KEY": "the-key", "PEM": "set below"}
ACCOUNTS: dict[str, dict[str, Any]] = {
    "twilio": {"account_sid": "AC1", "auth_token": "$TOKEN", "shared_key": "$KEY"},
    "signalwire": {
        "project_id": "p1",
        "space_url": "https://s.signalwire.com/",
        "api_token": "$TOKEN",
        "signing_key": "$KEY",
        "stream_token": "$TOKEN",
    },
    "telnyx": {"connection_id": "c1", "api_key": "$KEY", "stream_token": "$TOKEN"},
    "plivo": {"auth_id": "MA1", "auth_token": "$TOKEN"},
    "vonage": {"application_id": "a1", "private_key": "$PEM", "signature_secret": "$TOKEN"},
    "jambonz": {"account_sid": "j1", "api_key": "$KEY", "user": "us", "password": "$TOKEN"},
    "exotel": {
        "account_sid": "e1",
        "api_key": "k1",
        "api_token": "$KEY",
        "user": "us",
        "password": "$TOKEN",
    },
    "asterisk": {"user": "us", "password": "$TOKEN"},
}
PRIVATE = generate_private_key(65537, 2048)
PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
OFFER = StreamOffer(
    "wss://voice.example/phone/x/T.S",
    {"business": "b-42", "caller": "+4930&<1>", "direction": "inbound"},
    "https://voice.example/phone/x/status",
)
STEPS = [SpokenStep("Bitte < warten", "de-DE"), DialStep("+49301", "+49302"), HangUpStep()]
CALL = OutboundCall(
    "+4915",
    "+4930",
    "https://h/phone/x/answer?order=o",
    "https://h/phone/x/status?order=o",
    "https://h/phone/x/machine?order=o",
    30,
)


def providers() -> dict[str, CallProvider]:
    environment = {**ENVIRONMENT, "PEM": PEM.replace("\n", "\\n")}
    return provider_table(AccountsOptions.model_validate(ACCOUNTS), environment)


def rest(name: str) -> RestProvider:
    found: Any = providers()[name]
    assert not found.missing
    checked: RestProvider = found
    return checked


def webhook(form: dict[str, str] | None = None, **said: Any) -> SignedRequest:
    url = "https://h/phone/x/answer?order=o1"
    if form is not None:
        return SignedRequest("POST", url, {"content-type": FORM}, urlencode(form).encode())
    return SignedRequest(
        "POST", url, {"content-type": "application/json"}, json.dumps(said).encode()
    )


def test_every_dialect_has_a_provider() -> None:
    assert set(DIALECTS) | {"audiosocket"} == set(providers())


TWILIO_CALL = {
    "CallSid": "CA1",
    "From": "+1",
    "To": "+2",
    "Direction": "inbound",
    "CallStatus": "ringing",
}
PLIVO_CALL = {
    "CallUUID": "u1",
    "From": "1",
    "To": "2",
    "Direction": "outbound",
    "CallStatus": "in-progress",
}
VONAGE_CALL = {"uuid": "u1", "from": "1", "to": "2", "direction": "inbound", "status": "started"}
JAMBONZ_CALL = {
    "call_sid": "j1",
    "from": "+1",
    "to": "+2",
    "direction": "inbound",
    "call_status": "trying",
}
TELNYX_CALL = {"call_control_id": "v3:1", "from": "+1", "to": "+2", "direction": "incoming"}


def of_telnyx(event: str, **said: Any) -> SignedRequest:
    return webhook(data={"event_type": event, "payload": {**TELNYX_CALL, **said}})


@pytest.mark.parametrize(
    ("name", "request_", "kind", "call_id"),
    [
        ("twilio", webhook(TWILIO_CALL), NoticeKind.CHANGED, "CA1"),
        ("twilio", webhook({**TWILIO_CALL, "CallStatus": "completed"}), NoticeKind.ENDED, "CA1"),
        ("twilio", webhook({**TWILIO_CALL, "CallStatus": "no-answer"}), NoticeKind.ENDED, "CA1"),
        ("twilio", webhook({"CallSid": "CA1", "AnsweredBy": "human"}), NoticeKind.PERSON, "CA1"),
        (
            "twilio",
            webhook({"CallSid": "CA1", "AnsweredBy": "machine_end_beep"}),
            NoticeKind.MACHINE,
            "CA1",
        ),
        ("twilio", webhook({"CallSid": "CA1", "AnsweredBy": "fax"}), NoticeKind.MACHINE, "CA1"),
        ("twilio", webhook({"CallSid": "CA1", "AnsweredBy": "unknown"}), NoticeKind.CHANGED, "CA1"),
        ("signalwire", webhook({**TWILIO_CALL, "CallStatus": "busy"}), NoticeKind.ENDED, "CA1"),
        ("plivo", webhook(PLIVO_CALL), NoticeKind.CHANGED, "u1"),
        ("plivo", webhook({**PLIVO_CALL, "Event": "Hangup"}), NoticeKind.ENDED, "u1"),
        ("plivo", webhook({"CallUUID": "u1", "Machine": "true"}), NoticeKind.MACHINE, "u1"),
        ("plivo", webhook({"CallUUID": "u1", "Machine": "false"}), NoticeKind.PERSON, "u1"),
        ("vonage", webhook(**VONAGE_CALL), NoticeKind.CHANGED, "u1"),
        ("vonage", webhook(**{**VONAGE_CALL, "status": "completed"}), NoticeKind.ENDED, "u1"),
        ("vonage", webhook(**{**VONAGE_CALL, "status": "machine"}), NoticeKind.MACHINE, "u1"),
        ("vonage", webhook(**{**VONAGE_CALL, "status": "unanswered"}), NoticeKind.ENDED, "u1"),
        ("jambonz", webhook(**JAMBONZ_CALL), NoticeKind.CHANGED, "j1"),
        ("jambonz", webhook(**{**JAMBONZ_CALL, "call_status": "failed"}), NoticeKind.ENDED, "j1"),
        (
            "jambonz",
            webhook(call_sid="j1", type="amd_machine_detected"),
            NoticeKind.MACHINE,
            "j1",
        ),
        ("telnyx", webhook(TWILIO_CALL), NoticeKind.CHANGED, "CA1"),
        ("telnyx", of_telnyx("call.initiated"), NoticeKind.CALLING, "v3:1"),
        ("telnyx", of_telnyx("call.initiated", direction="outgoing"), NoticeKind.CHANGED, "v3:1"),
        ("telnyx", of_telnyx("call.hangup"), NoticeKind.ENDED, "v3:1"),
        (
            "telnyx",
            of_telnyx("call.machine.detection.ended", result="machine"),
            NoticeKind.MACHINE,
            "v3:1",
        ),
        (
            "telnyx",
            of_telnyx("call.machine.detection.ended", result="human"),
            NoticeKind.PERSON,
            "v3:1",
        ),
        (
            "exotel",
            webhook({"CallSid": "e1", "CallFrom": "1", "Direction": "incoming"}),
            NoticeKind.CHANGED,
            "e1",
        ),
        ("exotel", webhook({"CallSid": "e1", "Status": "completed"}), NoticeKind.ENDED, "e1"),
        ("asterisk", webhook({"call_id": "a1", "caller": "100"}), NoticeKind.CHANGED, "a1"),
        ("twilio", webhook({}), NoticeKind.CHANGED, ""),
        ("vonage", webhook(uuid=["x"], status={}), NoticeKind.CHANGED, ""),
        ("telnyx", webhook(data={"payload": 3}), NoticeKind.CHANGED, ""),
        ("telnyx", webhook(data={"event_type": ["call.hangup"]}), NoticeKind.CHANGED, ""),
        ("vonage", webhook(uuid="u\ud8001\0"), NoticeKind.CHANGED, "u?1"),
        ("jambonz", webhook(**{**JAMBONZ_CALL, "\ud800": "\udfff"}), NoticeKind.CHANGED, "j1"),
    ],
)
def test_what_a_webhook_says(
    name: str, request_: SignedRequest, kind: NoticeKind, call_id: str
) -> None:
    notice = providers()[name].notice(request_)
    assert (notice.kind, notice.call_id) == (kind, call_id)
    assert notice.said["order"] == "o1"
    for text in (notice.status, *notice.said, *notice.said.values()):
        assert "\0" not in text
        text.encode()


@pytest.mark.parametrize(
    ("name", "request_", "direction"),
    [
        ("twilio", webhook(TWILIO_CALL), CallDirection.INBOUND),
        (
            "twilio",
            webhook({**TWILIO_CALL, "Direction": "outbound-api"}),
            CallDirection.OUTBOUND,
        ),
        ("plivo", webhook(PLIVO_CALL), CallDirection.OUTBOUND),
        ("vonage", webhook(**VONAGE_CALL), CallDirection.INBOUND),
        ("jambonz", webhook(**JAMBONZ_CALL), CallDirection.INBOUND),
        ("telnyx", of_telnyx("call.initiated"), CallDirection.INBOUND),
        ("telnyx", of_telnyx("call.answered", direction="outgoing"), CallDirection.OUTBOUND),
        ("exotel", webhook({"Direction": "outbound-dial"}), CallDirection.OUTBOUND),
        ("vonage", webhook(uuid="u"), None),
    ],
)
def test_who_called_whom(
    name: str, request_: SignedRequest, direction: CallDirection | None
) -> None:
    assert providers()[name].notice(request_).direction is direction


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("twilio", {"url": OFFER.url}),
        ("signalwire", {"url": OFFER.url, "authBearerToken": "the-token"}),
        (
            "telnyx",
            {
                "url": OFFER.url,
                "bidirectionalMode": "rtp",
                "bidirectionalCodec": "PCMU",
                "bidirectionalSamplingRate": "8000",
                "codec": "PCMU",
            },
        ),
    ],
)
def test_a_call_is_taken_with_a_document_that_connects_a_stream(
    name: str, attributes: dict[str, str]
) -> None:
    answer = providers()[name].stream(OFFER)
    assert answer.content_type == "text/xml"
    stream = fromstring(answer.body).find("Connect/Stream")
    assert stream is not None
    assert stream.attrib == attributes
    given = {each.attrib["name"]: each.attrib["value"] for each in stream.iter("Parameter")}
    assert {name: given[name] for name in OFFER.parameters} == OFFER.parameters
    assert set(given) - set(OFFER.parameters) <= {CODEC, RATE}


def test_plivo_is_given_what_surely_comes_back() -> None:
    stream = fromstring(providers()["plivo"].stream(OFFER).body).find("Stream")
    assert stream is not None
    assert stream.text == OFFER.url
    assert stream.attrib == {
        "bidirectional": "true",
        "keepCallAlive": "true",
        "contentType": "audio/x-mulaw;rate=8000",
        "extraHeaders": "direction=inbound",
    }


def test_vonage_is_given_an_endpoint() -> None:
    (action,) = json.loads(providers()["vonage"].stream(OFFER).body)
    assert action == {
        "action": "connect",
        "eventUrl": [OFFER.status_url],
        "endpoint": [
            {
                "type": "websocket",
                "uri": OFFER.url,
                "content-type": "audio/l16;rate=16000",
                "headers": OFFER.parameters,
            }
        ],
    }


@pytest.mark.parametrize(("name", "streaming"), [("jambonz", True), ("jambonz-clips", False)])
def test_jambonz_is_given_a_verb(name: str, streaming: bool) -> None:
    verbs = json.loads(providers()[name].stream(OFFER).body)
    assert [each["verb"] for each in verbs] == ["answer", "listen", "hangup"]
    listen = verbs[1]
    assert listen["url"] == OFFER.url
    assert listen["metadata"] == OFFER.parameters
    assert listen["wsAuth"] == {"username": "us", "password": "the-token"}
    assert listen["bidirectionalAudio"]["streaming"] is streaming


def test_exotel_and_exchanges_are_given_the_address() -> None:
    answer = providers()["exotel"].stream(OFFER)
    assert json.loads(answer.body) == {"url": f"{OFFER.url}?sample-rate=8000"}
    assert providers()["asterisk"].stream(OFFER).body == OFFER.url


def test_a_call_does_something_else() -> None:
    table = providers()
    for name in ("twilio", "signalwire", "telnyx"):
        response = fromstring(table[name].program(STEPS).body)
        assert [each.tag for each in response] == ["Say", "Dial", "Hangup"]
        assert (response[0].text, response[0].attrib) == ("Bitte < warten", {"language": "de-DE"})
        assert response[1].attrib == {"callerId": "+49302"}
        assert response[1].findtext("Number") == "+49301"
    response = fromstring(table["plivo"].program(STEPS).body)
    assert [each.tag for each in response] == ["Speak", "Dial", "Hangup"]
    assert json.loads(table["vonage"].program(STEPS).body) == [
        {"action": "talk", "text": "Bitte < warten", "language": "de-DE"},
        {"action": "connect", "from": "49302", "endpoint": [{"type": "phone", "number": "49301"}]},
    ]
    verbs = json.loads(table["jambonz"].program(STEPS).body)
    assert [each["verb"] for each in verbs] == ["say", "dial", "hangup"]
    assert table["exotel"].program(STEPS).status == 403


def test_a_call_is_handed_on_to_an_address_too() -> None:
    table = providers()
    step = [DialStep("sip:anna@pbx.example")]
    assert fromstring(table["twilio"].program(step).body).findtext("Dial/Sip") == step[0].number
    assert fromstring(table["plivo"].program(step).body).findtext("Dial/User") == step[0].number
    (action,) = json.loads(table["vonage"].program(step).body)
    assert action["endpoint"] == [{"type": "sip", "uri": "sip:anna@pbx.example"}]
    (verb,) = json.loads(table["jambonz"].program(step).body)
    assert verb["target"] == [{"type": "sip", "sipUri": "sip:anna@pbx.example"}]


def body_of(request: RestRequest) -> Any:
    return request.json_body if request.form is None else dict(request.form)


def test_a_call_is_started() -> None:
    urls = {
        "twilio": "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json",
        "signalwire": "https://s.signalwire.com/api/laml/2010-04-01/Accounts/p1/Calls",
        "telnyx": "https://api.telnyx.com/v2/calls",
        "plivo": "https://api.plivo.com/v1/Account/MA1/Call/",
        "vonage": "https://api.nexmo.com/v1/calls",
        "jambonz": "https://jambonz.cloud/api/v1/Accounts/j1/Calls",
        "exotel": "https://api.exotel.com/v1/Accounts/e1/Calls/connect.json",
    }
    for name, url in urls.items():
        request = rest(name).start(CALL)
        assert (request.method, request.url) == ("POST", url)
        assert request.headers["Authorization"].split()[0] in ("Basic", "Bearer")
        text = json.dumps(body_of(request))
        for part in ("4915", "4930", "/phone/x/answer?order=o"):
            assert part in text, (name, part)
        assert (CALL.machine_url in text) is (name not in ("telnyx", "vonage", "exotel")), name
    form = body_of(rest("twilio").start(CALL))
    assert form["AsyncAmd"] == "true"
    assert form["Timeout"] == "30"
    assert body_of(rest("telnyx").start(CALL))["answering_machine_detection"] == "greeting_end"
    assert body_of(rest("vonage").start(CALL))["machine_detection"] == "continue"
    assert "MachineDetection" not in body_of(
        rest("twilio").start(OutboundCall("+1", "+2", "https://a", "https://b"))
    )


@pytest.mark.parametrize(
    ("name", "answer", "call_id"),
    [
        ("twilio", {"sid": "CA1", "status": "queued"}, "CA1"),
        ("signalwire", {"sid": "CA1"}, "CA1"),
        ("telnyx", {"data": {"call_control_id": "v3:1"}}, "v3:1"),
        ("plivo", {"request_uuid": "u1", "message": "call fired"}, "u1"),
        ("vonage", {"uuid": "u1", "status": "started"}, "u1"),
        ("jambonz", {"sid": "j1"}, "j1"),
        ("exotel", {"Call": {"Sid": "e1"}}, "e1"),
        ("twilio", {}, ""),
        ("telnyx", {"data": None}, ""),
        ("exotel", {"Call": "none"}, ""),
    ],
)
def test_the_name_of_a_call_that_was_started(
    name: str, answer: dict[str, Any], call_id: str
) -> None:
    assert rest(name).started(answer) == call_id


@pytest.mark.parametrize(
    ("name", "method", "end", "body"),
    [
        ("twilio", "POST", "/Accounts/AC1/Calls/X.json", {"Status": "completed"}),
        ("signalwire", "POST", "/Accounts/p1/Calls/X", {"Status": "completed"}),
        ("telnyx", "POST", "/v2/calls/X/actions/hangup", {}),
        ("plivo", "DELETE", "/v1/Account/MA1/Call/X/", None),
        ("vonage", "PUT", "/v1/calls/X", {"action": "hangup"}),
        ("jambonz", "PUT", "/Accounts/j1/Calls/X", {"call_status": "completed"}),
    ],
)
def test_a_call_is_ended(name: str, method: str, end: str, body: Any) -> None:
    request = rest(name).hang_up("X")
    assert (request.method, body_of(request)) == (method, body)
    assert request.url.endswith(end)


THEN = "https://h/phone/x/then/n"


@pytest.mark.parametrize(
    ("name", "method", "end", "body"),
    [
        ("signalwire", "POST", "/Calls/X", {"Url": THEN, "Method": "POST"}),
        ("telnyx", "POST", "/actions/transfer", {"to": "+49301", "from": "+49302"}),
        (
            "plivo",
            "POST",
            "/Call/X/",
            {"legs": "aleg", "aleg_url": THEN, "aleg_method": "POST"},
        ),
        (
            "vonage",
            "PUT",
            "/calls/X",
            {
                "action": "transfer",
                "destination": {
                    "type": "ncco",
                    "ncco": [
                        {
                            "action": "connect",
                            "from": "49302",
                            "endpoint": [{"type": "phone", "number": "49301"}],
                        }
                    ],
                },
            },
        ),
        ("jambonz", "PUT", "/Calls/X", {"call_hook": {"url": THEN, "method": "POST"}}),
    ],
)
def test_a_call_is_handed_on(name: str, method: str, end: str, body: Any) -> None:
    request = rest(name).redirect("X", [DialStep("+49301", "+49302")], THEN)
    assert (request.method, body_of(request)) == (method, body)
    assert request.url.endswith(end)


def test_twilio_is_given_the_document_itself() -> None:
    request = rest("twilio").redirect("X", [DialStep("+49301")], THEN)
    assert request.form is not None
    assert fromstring(request.form["Twiml"]).findtext("Dial/Number") == "+49301"


def test_exotel_says_what_it_cannot_do() -> None:
    for work in (lambda: rest("exotel").hang_up("X"), lambda: rest("exotel").redirect("X", [], "")):
        with pytest.raises(CallerError, match="its flow goes on"):
            work()


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_token_of_a_vonage_application_is_signed_with_its_key() -> None:
    for pem in (PEM, PEM.replace("\n", "\\n")):
        signed, _, signature = application_jwt("a1", pem, 1_790_000_000, "once").rpartition(".")
        PRIVATE.public_key().verify(unpacked(signature), signed.encode(), PKCS1v15(), SHA256())
        head, claims = (json.loads(unpacked(each)) for each in signed.split("."))
        assert head == {"alg": "RS256", "typ": "JWT"}
        assert claims == {
            "application_id": "a1",
            "iat": 1_790_000_000,
            "exp": 1_790_000_060,
            "jti": "once",
        }


def test_a_private_key_that_is_none_is_said() -> None:
    locked = PRIVATE.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    ).decode()
    for pem in ("no key", locked):
        with pytest.raises(CallerError, match=r"phone\.accounts\.vonage\.private_key: "):
            vonage_bearer("a1", pem)


def test_no_secret_is_in_what_is_shown_of_a_request() -> None:
    for name in ("twilio", "signalwire", "telnyx", "plivo", "vonage", "jambonz", "exotel"):
        shown = repr(rest(name).start(CALL))
        assert "Authorization" not in shown
        assert "the-key" not in shown


def test_a_variable_that_is_not_set_is_named() -> None:
    accounts = AccountsOptions.model_validate({"twilio": {"auth_token": "$TWILIO_AUTH_TOKEN"}})
    for environment in ({}, {"TWILIO_AUTH_TOKEN": "  "}):
        with pytest.raises(ConfigError, match="TWILIO_AUTH_TOKEN"):
            provider_table(accounts, environment)
    wrong = AccountsOptions.model_validate({"telnyx": {"public_key": "abc"}})
    with pytest.raises(ConfigError, match="public key of Telnyx"):
        provider_table(wrong, {})


def test_without_secrets_nobody_signs_and_nobody_is_asked() -> None:
    table = provider_table(AccountsOptions(), {})
    assert not any(each.signs for each in table.values())
    assert all(getattr(each, "missing", "x") for each in table.values())


def test_a_rule_s_key_is_asked_for_in_words() -> None:
    bare = provider_table(
        AccountsOptions.model_validate({"twilio": {"auth_token": "$TOKEN"}}), ENVIRONMENT
    )["twilio"]
    headers = {
        "x-twilio-signature": "x",
        "x-twilio-webhooks-signature-settings": "key=k,algorithm=HMAC_SHA256",
    }
    with pytest.raises(AccessDeniedError, match="shared_key") as error:
        bare.prove(SignedRequest("GET", "wss://h", headers), 0.0)
    assert error.value.denial is Denial.UNSIGNED
