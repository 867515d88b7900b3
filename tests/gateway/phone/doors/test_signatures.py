"""Signatures of providers: one table of what is theirs, and one of what is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actors.gateway.phone.doors.account_options import AccountsOptions
from actors.gateway.phone.doors.provider_table import provider_table
from actors.gateway.phone.doors.signatures.jambonz import (
    is_jambonz_in_time,
    is_signed_by_jambonz,
    jambonz_signature,
)
from actors.gateway.phone.doors.signatures.plivo import is_signed_by_plivo, plivo_signature
from actors.gateway.phone.doors.signatures.shared_secret import is_basic, is_bearer
from actors.gateway.phone.doors.signatures.signalwire import (
    is_signed_by_signalwire,
    signalwire_signature,
)
from actors.gateway.phone.doors.signatures.signed_request import FORM, SignedRequest
from actors.gateway.phone.doors.signatures.telnyx import (
    is_in_time,
    is_signed_by_telnyx,
    public_key_bytes,
)
from actors.gateway.phone.doors.signatures.twilio import (
    TwilioAlgorithm,
    algorithm_of,
    is_signed_by_twilio,
    twilio_signature,
)
from actors.gateway.phone.doors.signatures.vonage import is_vonage_in_time, vonage_claims

KEY = "12345"
WEBHOOK = "https://voice.example/phone/twilio/answer?foo=1&bar=2"
SOCKET = "wss://voice.example/phone/twilio/abc"
CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
NOW_S = 1_790_000_000.0
TELNYX_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TELNYX_PUBLIC = base64.b64encode(TELNYX_KEY.public_key().public_bytes_raw()).decode()
VONAGE_SECRET = "the signature secret of the account, long enough"


def form_of(parameters: dict[str, str], url: str = WEBHOOK, **headers: str) -> SignedRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = urlencode(parameters).encode()
    return SignedRequest("POST", url, {"content-type": FORM, **named}, body)


def by_twilio(url: str = WEBHOOK, algorithm: TwilioAlgorithm = TwilioAlgorithm.SHA1) -> str:
    return twilio_signature(KEY, url, CALL.items(), algorithm)


def test_twilio_signs_as_its_documentation_has_it() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio_signature(KEY, url, CALL.items()) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_parameters_are_signed_in_order_each_once_with_those_that_are_empty() -> None:
    text = b"https://h/pa1ab2b"
    expected = base64.b64encode(hmac.digest(b"k", text + b"c", hashlib.sha1)).decode()
    body = b"c=&b=b&a=b2&a=1a&a=1a"
    request = SignedRequest("POST", "https://h/p", {"content-type": FORM}, body)
    assert twilio_signature("k", "https://h/p", [("a", "1a"), ("b", "2b"), ("c", "")]) == expected
    assert sorted(set(request.form)) == [("a", "1a"), ("a", "b2"), ("b", "b"), ("c", "")]


@pytest.mark.parametrize(
    ("signed", "asked", "is_theirs"),
    [
        (WEBHOOK, WEBHOOK, True),
        (WEBHOOK.replace("voice.example", "voice.example:443"), WEBHOOK, True),
        (WEBHOOK, WEBHOOK.replace("voice.example", "voice.example:443"), True),
        (WEBHOOK, WEBHOOK.replace("voice.example", "voice.example:8443"), True),
        (WEBHOOK.replace("voice.example", "voice.example:8443"), WEBHOOK, False),
        (WEBHOOK.replace("https", "http"), WEBHOOK, False),
        (WEBHOOK.replace("answer?", "answer/?"), WEBHOOK, False),
        (WEBHOOK.replace("&bar=2", ""), WEBHOOK, False),
        (WEBHOOK.replace("voice.example", "other.example"), WEBHOOK, False),
        (WEBHOOK.replace("foo=1&bar=2", "bar=2&foo=1"), WEBHOOK, False),
    ],
)
def test_twilio_signs_one_url(signed: str, asked: str, is_theirs: bool) -> None:
    request = form_of(CALL, asked, x_twilio_signature=by_twilio(signed))
    assert is_signed_by_twilio(request, KEY) is is_theirs


@pytest.mark.parametrize(
    ("signed", "is_theirs"),
    [
        (SOCKET, True),
        (SOCKET.replace("wss", "https"), False),
        (SOCKET + "/", False),
        (SOCKET + "?a=b", False),
        (SOCKET.replace("abc", "abd"), False),
        (SOCKET.replace("voice.example", "voice.example:80"), False),
    ],
)
def test_twilio_signs_the_handshake_with_its_own_scheme(signed: str, is_theirs: bool) -> None:
    headers = {"x-twilio-signature": twilio_signature(KEY, signed, [])}
    assert is_signed_by_twilio(SignedRequest("GET", SOCKET, headers), KEY) is is_theirs


@pytest.mark.parametrize(
    ("settings", "algorithm"),
    [
        ("key=front,algorithm=HMAC_SHA256", TwilioAlgorithm.SHA256),
        ("key=,algorithm=HMAC_SHA256", TwilioAlgorithm.SHA256),
        (" algorithm=HMAC_SHA1 ", TwilioAlgorithm.SHA1),
        ("algorithm=NONE", None),
        ("algorithm=hmac_sha256", None),
        ("key=front", None),
        ("", None),
    ],
)
def test_twilio_names_its_algorithm(settings: str, algorithm: TwilioAlgorithm | None) -> None:
    assert algorithm_of(settings) is algorithm


def test_twilio_signs_with_sha256_where_a_rule_says_so() -> None:
    sha256 = TwilioAlgorithm.SHA256
    request = form_of(CALL, x_twilio_signature=by_twilio(algorithm=sha256))
    assert is_signed_by_twilio(request, KEY, sha256)
    assert not is_signed_by_twilio(request, KEY)
    assert not is_signed_by_twilio(form_of(CALL, x_twilio_signature=by_twilio()), KEY, sha256)


def test_a_body_that_is_no_form_is_signed_by_its_hash() -> None:
    body = b'{"CallSid": "CA1"}'
    url = f"{WEBHOOK}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"x-twilio-signature": twilio_signature(KEY, url, [])}
    request = SignedRequest("POST", url, headers, body)
    assert is_signed_by_twilio(request, KEY)
    assert not is_signed_by_twilio(replace(request, body=body + b" "), KEY)
    bare = {"x-twilio-signature": twilio_signature(KEY, WEBHOOK, [])}
    assert not is_signed_by_twilio(SignedRequest("POST", WEBHOOK, bare, body), KEY)


def test_signalwire_signs_as_twilio_or_the_whole_body() -> None:
    body = urlencode(CALL).encode()
    whole = signalwire_signature(KEY, WEBHOOK, body)
    for header in ("x_signalwire_signature", "x_twilio_signature"):
        for signature in (by_twilio(), whole):
            assert is_signed_by_signalwire(form_of(CALL, **{header: signature}), KEY)
            other = {**CALL, "CallSid": "CA2"}
            assert not is_signed_by_signalwire(form_of(other, **{header: signature}), KEY)
    assert not is_signed_by_signalwire(form_of(CALL), KEY)


@pytest.mark.parametrize(
    ("method", "url", "form", "signed"),
    [
        ("GET", "wss://h/phone/plivo/t", {}, "wss://h/phone/plivo/t.n"),
        ("GET", "https://h/p?b=2&a=x%20y", {}, "https://h/p?a=x y&b=2.n"),
        ("POST", "https://h/p", {"To": "2", "From": "1"}, "https://h/p?From1To2.n"),
        ("POST", "https://h/p?b=2&a=1", {"To": "2"}, "https://h/p?a=1&b=2.To2.n"),
        ("POST", "https://h/p", {}, "https://h/p.n"),
        ("POST", "https://h:8443/p/", {"a": ""}, "https://h:8443/p/?a.n"),
    ],
)
def test_plivo_signs_all_parameters_in_order(
    method: str, url: str, form: dict[str, str], signed: str
) -> None:
    expected = base64.b64encode(hmac.digest(b"token", signed.encode(), hashlib.sha256)).decode()
    assert plivo_signature("token", method, url, form.items(), "n") == expected
    headers = {
        "content-type": FORM,
        "x-plivo-signature-v3": f"bm8=,{expected}",
        "x-plivo-signature-v3-nonce": "n",
    }
    request = SignedRequest(method, url, headers, urlencode(form).encode())
    assert is_signed_by_plivo(request, "token")
    assert not is_signed_by_plivo(request, "tokem")
    assert not is_signed_by_plivo(replace(request, url=url.replace("h", "i", 1)), "token")
    late = {**headers, "x-plivo-signature-v3-nonce": "m"}
    assert not is_signed_by_plivo(replace(request, headers=late), "token")


def test_without_a_nonce_plivo_has_signed_nothing() -> None:
    headers = {"x-plivo-signature-v3": plivo_signature("token", "GET", "wss://h/p", [], "")}
    assert not is_signed_by_plivo(SignedRequest("GET", "wss://h/p", headers), "token")


def by_telnyx(body: bytes, stamp: str) -> SignedRequest:
    signature = base64.b64encode(TELNYX_KEY.sign(stamp.encode() + b"|" + body)).decode()
    headers = {"telnyx-signature-ed25519": signature, "telnyx-timestamp": stamp}
    return SignedRequest("POST", WEBHOOK, headers, body)


def test_telnyx_signs_time_and_body() -> None:
    request = by_telnyx(b'{"data": {}}', "1790000000")
    assert is_signed_by_telnyx(request, TELNYX_PUBLIC)
    assert not is_signed_by_telnyx(replace(request, body=b'{"data":{}}'), TELNYX_PUBLIC)
    for name, value in (
        ("telnyx-timestamp", "1790000001"),
        ("telnyx-signature-ed25519", ""),
        ("telnyx-signature-ed25519", "no base64!"),
        ("telnyx-signature-ed25519", base64.b64encode(bytes(64)).decode()),
    ):
        other = replace(request, headers={**request.headers, name: value})
        assert not is_signed_by_telnyx(other, TELNYX_PUBLIC)


@pytest.mark.parametrize("key", ["", "abc", base64.b64encode(bytes(31)).decode(), "no base64!"])
def test_a_key_that_is_none_is_said(key: str) -> None:
    with pytest.raises(ValueError, match="no public key of Telnyx"):
        public_key_bytes(key)


@pytest.mark.parametrize(
    ("stamp", "is_now"),
    [
        ("1790000000", True),
        ("1789999701", True),
        ("1789999699", False),
        ("1790000301", False),
        ("", False),
        ("-1790000000", False),
        ("1e9", False),
        ("9" * 400, False),
    ],
)
def test_a_time_is_of_now_or_it_is_not(stamp: str, is_now: bool) -> None:
    assert is_in_time(stamp, NOW_S) is is_now


def by_vonage(
    body: bytes = b"", secret: str = VONAGE_SECRET, algorithm: str = "HS256", **claims: object
) -> SignedRequest:
    said: dict[str, object] = {"iat": int(NOW_S), "jti": "j1", "iss": "Vonage", **claims}
    if body and "payload_hash" not in said:
        said["payload_hash"] = hashlib.sha256(body).hexdigest()
    signed = jwt.encode(
        {name: value for name, value in said.items() if value is not None}, secret, algorithm
    )
    return SignedRequest("POST", WEBHOOK, {"authorization": f"Bearer {signed}"}, body)


OTHER_HASH = hashlib.sha256(b"other").hexdigest()


@pytest.mark.parametrize(
    ("request_", "is_theirs"),
    [
        (by_vonage(), True),
        (by_vonage(b'{"uuid": "1"}'), True),
        (by_vonage(b'{"uuid": "1"}', payload_hash=OTHER_HASH), False),
        (by_vonage(b'{"uuid": "1"}', payload_hash=None), False),
        (by_vonage(secret="another secret, also long enough for it"), False),
        (by_vonage(algorithm="HS384"), False),
        (by_vonage(jti=None), False),
        (by_vonage(iat=None), False),
        (SignedRequest("GET", SOCKET), False),
        (SignedRequest("GET", SOCKET, {"authorization": "Bearer x.y.z"}), False),
    ],
)
def test_vonage_signs_the_body_s_hash(request_: SignedRequest, is_theirs: bool) -> None:
    assert (vonage_claims(request_, VONAGE_SECRET) is not None) is is_theirs


def test_vonage_never_takes_a_token_without_a_signature() -> None:
    unsigned = jwt.encode({"iat": 1, "jti": "j"}, "", "none")
    headers = {"authorization": f"Bearer {unsigned}"}
    assert vonage_claims(SignedRequest("GET", SOCKET, headers), VONAGE_SECRET) is None


@pytest.mark.parametrize(
    ("claims", "is_now"),
    [
        ({"iat": NOW_S}, True),
        ({"iat": NOW_S - 301}, False),
        ({"iat": NOW_S + 301}, False),
        ({"iat": NOW_S, "exp": NOW_S - 1}, False),
        ({"iat": NOW_S, "exp": NOW_S + 1}, True),
        ({"iat": "soon"}, False),
    ],
)
def test_vonage_s_signature_is_of_now(claims: dict[str, object], is_now: bool) -> None:
    assert is_vonage_in_time(claims, NOW_S) is is_now


def test_a_signature_that_is_written_otherwise_is_that_of_the_same_request() -> None:
    accounts = {
        "telnyx": {"public_key": TELNYX_PUBLIC},
        "jambonz": {"webhook_secret": "$SECRET"},
    }
    table = provider_table(AccountsOptions.model_validate(accounts), {"SECRET": "secret"})
    telnyx = by_telnyx(b"{}", "1790000000")
    text = telnyx.headers[name := "telnyx-signature-ed25519"]
    # Of the last character before the padding four bits mean nothing: A is read as B, Q as R, ...
    last = chr(ord(text[-3]) + 1)
    jambonz = f"t=1790000000,v1={jambonz_signature('secret', '1790000000', b'{}')}"
    for provider, request, header, otherwise in (
        ("telnyx", telnyx, name, f"{text[:-3]}{last}=="),
        (
            "jambonz",
            SignedRequest("POST", WEBHOOK, {"jambonz-signature": jambonz}, b"{}"),
            "jambonz-signature",
            f"{jambonz},x=1",
        ),
    ):
        other = replace(request, headers={**request.headers, header: otherwise})
        once = table[provider].prove(request, NOW_S)
        assert once
        assert table[provider].prove(other, NOW_S) == once


def test_jambonz_signs_time_and_body() -> None:
    body = json.dumps({"call_sid": "1"}).encode()
    good = jambonz_signature("secret", "1790000000", body)
    request = SignedRequest("POST", WEBHOOK, {"jambonz-signature": f"t=1790000000,v1={good}"}, body)
    assert is_signed_by_jambonz(request, "secret")
    assert is_jambonz_in_time(request, NOW_S)
    assert not is_jambonz_in_time(request, NOW_S + 400)
    rotated = replace(request, headers={"jambonz-signature": f"t=1790000000,v1=00,v1={good}"})
    assert is_signed_by_jambonz(rotated, "secret")
    for headers in (
        {},
        {"jambonz-signature": f"t=1790000001,v1={good}"},
        {"jambonz-signature": f"t=1790000000,v0={good}"},
        {"jambonz-signature": "t=1790000000,v1="},
    ):
        assert not is_signed_by_jambonz(replace(request, headers=headers), "secret")
    assert not is_signed_by_jambonz(replace(request, body=body + b" "), "secret")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("headers", "is_theirs"),
    [
        ({"authorization": f"Basic {encoded('us:pass:word')}"}, True),
        ({"authorization": f"basic  {encoded('us:pass:word')}"}, True),
        ({"authorization": f"Basic {encoded('us:password')}"}, False),
        ({"authorization": f"Basic {encoded('you:pass:word')}"}, False),
        ({"authorization": f"Basic {encoded('us')}"}, False),
        ({"authorization": "Basic !"}, False),
        ({"authorization": "Basic ÿ"}, False),
        ({"authorization": "Bearer pass:word"}, False),
        ({}, False),
    ],
)
def test_name_and_password(headers: dict[str, str], is_theirs: bool) -> None:
    assert is_basic(headers, "us", "pass:word") is is_theirs


def test_an_empty_secret_is_nobody_s() -> None:
    assert is_bearer({"authorization": "Bearer t"}, "t")
    assert not is_bearer({"authorization": "Bearer t"}, "T")
    assert not is_bearer({"authorization": "Bearer "}, "")
    assert not is_bearer({}, "")
    assert not is_basic({"authorization": f"Basic {encoded(':')}"}, "", "")


@pytest.mark.parametrize(
    "is_theirs",
    [
        lambda request: is_signed_by_twilio(request, KEY),
        lambda request: is_signed_by_signalwire(request, KEY),
        lambda request: is_signed_by_plivo(request, KEY),
        lambda request: is_signed_by_telnyx(request, TELNYX_PUBLIC),
        lambda request: is_signed_by_jambonz(request, KEY),
        lambda request: vonage_claims(request, VONAGE_SECRET) is not None,
    ],
)
@pytest.mark.parametrize("text", ["", "é", "a" * 10_000, "=", ",", "t=,v1=,", "\x00", "🙂"])
def test_whatever_comes_as_a_signature_is_refused_and_breaks_nothing(
    is_theirs: Callable[[SignedRequest], bool], text: str
) -> None:
    names = (
        "x-twilio-signature",
        "x-signalwire-signature",
        "x-plivo-signature-v3",
        "x-plivo-signature-v3-nonce",
        "telnyx-signature-ed25519",
        "telnyx-timestamp",
        "jambonz-signature",
        "authorization",
        "content-type",
    )
    headers = dict.fromkeys(names, text)
    headers["authorization"] = f"Bearer {text}"
    for body in (b"", b"\xff\xfe", b"[" * 5_000):
        assert not is_theirs(SignedRequest("POST", WEBHOOK, headers, body))
