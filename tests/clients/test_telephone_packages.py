"""Packages of telephone providers agree with what the gateway signs, takes and answers.

They install what they test: `pytest -m slow -s tests/clients/test_telephone_packages.py`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import time
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, fromstring

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from environments import PROGRAM_S, client_command

from actors.gateway.access.denial import AccessDeniedError
from actors.gateway.phone.doors.account_options import AccountsOptions
from actors.gateway.phone.doors.call_program import DialStep, HangUpStep, SpokenStep, StreamOffer
from actors.gateway.phone.doors.provider_table import provider_table
from actors.gateway.phone.doors.providers.vonage import application_jwt
from actors.gateway.phone.doors.signatures.plivo import plivo_signature
from actors.gateway.phone.doors.signatures.signed_request import FORM, SignedRequest
from actors.gateway.phone.doors.signatures.twilio import is_signed_by_twilio, twilio_signature
from actors.gateway.phone.doors.signatures.vonage import vonage_claims

pytestmark = pytest.mark.slow
KEY = "0123456789abcdef0123456789abcdef"
PARAMETERS = {"business": "b-42", "caller": "+4930 & <1>", "direction": "inbound"}
SECRETS = {"KEY": KEY}
ACCOUNTS = AccountsOptions.model_validate(
    {"twilio": {"auth_token": "$KEY"}, "plivo": {"auth_token": "$KEY"}}
)
URLS = (
    "https://voice.example/phone/x/answer",
    "https://voice.example/phone/x/answer?order=a%20b&business=b-42",
    "https://voice.example:8443/phone/x/answer/",
    "wss://voice.example/phone/x/T.S",
    "http://127.0.0.1:3000/phone/x/status",
)
FORMS: tuple[dict[str, str], ...] = (
    {},
    {"CallSid": "CA1", "From": "+49 30", "To": "", "Digits": "1&2=3", "Name": "Bäckerei"},
)


def said_by(package: str, program: str, cases: list[dict[str, Any]]) -> list[Any]:
    """What a program says of the cases."""
    done = subprocess.run(
        client_command((package,), program),
        env={**os.environ, "CASES": json.dumps(cases)},
        capture_output=True,
        text=True,
        timeout=PROGRAM_S,
        check=False,
    )
    print(done.stderr)
    assert done.returncode == 0, done.stderr[-4000:]
    said: list[Any] = json.loads(done.stdout)
    return said


def tree(element: Element) -> Any:
    """A document without the order of its attributes."""
    text = (element.text or "").strip()
    return element.tag, text, dict(element.attrib), [tree(child) for child in element]


def test_twilio_signs_as_we_do() -> None:
    cases = [
        {"do": "signature", "key": KEY, "url": url, "parameters": form}
        for url in URLS
        for form in FORMS
    ]
    ours = [twilio_signature(KEY, each["url"], each["parameters"].items()) for each in cases]
    assert said_by("twilio", "telephone_twilio.py", cases) == ours


def test_twilio_takes_what_we_take() -> None:
    cases = [
        {
            "do": "signed",
            "key": KEY,
            "url": url,
            "parameters": FORMS[1],
            "signatures": [twilio_signature(KEY, each, FORMS[1].items()) for each in URLS],
        }
        for url in URLS
    ]
    ours = [
        [
            is_signed_by_twilio(
                SignedRequest(
                    "POST",
                    case["url"],
                    {"content-type": FORM, "x-twilio-signature": each},
                    urlencode(FORMS[1]).encode(),
                ),
                KEY,
            )
            for each in case["signatures"]
        ]
        for case in cases
    ]
    assert said_by("twilio", "telephone_twilio.py", cases) == ours
    assert [row[at] for at, row in enumerate(ours)] == [True] * len(URLS)


def test_twilio_s_documents_are_ours() -> None:
    twilio = provider_table(ACCOUNTS, SECRETS)["twilio"]
    step = {"text": "Bitte < warten", "language": "de-DE", "number": "+49301", "caller_id": "+4930"}
    cases = [
        {"do": "stream", "url": URLS[3], "parameters": PARAMETERS},
        {"do": "program", **step},
    ]
    ours = [
        twilio.stream(StreamOffer(URLS[3], PARAMETERS)).body,
        twilio.program(
            [SpokenStep("Bitte < warten", "de-DE"), DialStep("+49301", "+4930"), HangUpStep()]
        ).body,
    ]
    theirs = said_by("twilio", "telephone_twilio.py", cases)
    assert [tree(fromstring(each)) for each in theirs] == [tree(fromstring(each)) for each in ours]


def test_plivo_takes_what_we_sign() -> None:
    cases = [
        {
            "do": "signed",
            "method": method,
            "url": url,
            "nonce": "0123",
            "key": KEY,
            "parameters": form,
            "signatures": [
                plivo_signature(KEY, method, url, form.items(), "0123"),
                plivo_signature(KEY, method, url, form.items(), "0124"),
                plivo_signature("other", method, url, form.items(), "0123"),
                plivo_signature(KEY, method, url + "/x", form.items(), "0123"),
            ],
        }
        for method in ("GET", "POST")
        for url in URLS
        for form in FORMS
        # Its `validate_args` takes addresses of the web only.
        if url.startswith("http")
    ]
    said = said_by("plivo", "telephone_plivo.py", cases)
    assert said == [[True, False, False, False]] * len(cases)


def test_plivo_s_document_is_ours() -> None:
    plivo = provider_table(ACCOUNTS, SECRETS)["plivo"]
    case = {
        "do": "stream",
        "url": URLS[3],
        "content_type": "audio/x-mulaw;rate=8000",
        "extra_headers": "direction=inbound",
    }
    (theirs,) = said_by("plivo", "telephone_plivo.py", [case])
    ours = plivo.stream(StreamOffer(URLS[3], {"direction": "inbound"})).body
    assert tree(fromstring(theirs)) == tree(fromstring(ours))


def test_telnyx_takes_what_we_take() -> None:
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    body = json.dumps({"data": {"event_type": "call.initiated", "id": "1", "payload": {}}})

    def signed(stamp: int) -> dict[str, str]:
        signature = base64.b64encode(private.sign(f"{stamp}|{body}".encode())).decode()
        return {"telnyx-signature-ed25519": signature, "telnyx-timestamp": str(stamp)}

    now_s = int(time.time())
    good = signed(now_s)
    cases = [
        {"public_key": public, "body": body, "headers": signed(now_s - 200)},
        {"public_key": public, "body": body, "headers": signed(now_s - 400)},
        {"public_key": public, "body": body, "headers": good},
        {"public_key": public, "body": body + " ", "headers": good},
        {"public_key": public, "body": body, "headers": {**good, "telnyx-timestamp": "1"}},
    ]
    account = AccountsOptions.model_validate({"telnyx": {"public_key": public}})
    telnyx = provider_table(account, {})["telnyx"]

    def is_taken(headers: dict[str, str], text: str) -> bool:
        try:
            telnyx.prove(SignedRequest("POST", URLS[0], headers, text.encode()), time.time())
        except AccessDeniedError:
            return False
        return True

    ours = [is_taken(each["headers"], each["body"]) for each in cases]
    assert ours == [True, False, True, False, False]
    assert said_by("telnyx[webhooks]", "telephone_telnyx.py", cases) == ours


def test_vonage_takes_and_makes_what_we_do() -> None:
    private = generate_private_key(65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    claims = {"iat": int(time.time()), "jti": "j"}
    claims_of_body = {**claims, "payload_hash": hashlib.sha256(b"{}").hexdigest()}
    tokens = [jwt.encode(claims_of_body, KEY, "HS256"), jwt.encode(claims, KEY + "x", "HS256")]
    ours = [
        vonage_claims(
            SignedRequest("POST", URLS[0], {"authorization": f"Bearer {each}"}, b"{}"), KEY
        )
        is not None
        for each in tokens
    ]
    token, taken = said_by(
        "vonage-jwt",
        "telephone_vonage.py",
        [
            {"do": "token", "application": "a1", "private_key": pem},
            {"do": "signed", "secret": KEY, "tokens": tokens},
        ],
    )
    assert taken == ours == [True, False]
    options = {"verify_signature": False}
    theirs = jwt.decode(token, options=options)
    made = jwt.decode(application_jwt("a1", pem, int(time.time()), "once"), options=options)
    assert set(made) <= set(theirs)
    assert theirs["application_id"] == made["application_id"] == "a1"
