"""A webhook is asked as its provider asks it, and its answer is followed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from actors.cli.calling.credentials_shown import shown_headers
from actors.cli.calling.provider_words import CallFacts
from actors.cli.calling.transports import CallRefusedError
from actors.cli.calling.webhook import AskedStream, asked_stream, reached, said_of
from actors.gateway.phone.doors.account_options import (
    ExotelAccount,
    JambonzAccount,
    PlivoAccount,
    SignalwireAccount,
    TelnyxAccount,
    TwilioAccount,
    VonageAccount,
)
from actors.gateway.phone.doors.call_program import HangUpStep, SpokenStep, StreamOffer
from actors.gateway.phone.doors.providers.exotel import ExotelProvider
from actors.gateway.phone.doors.providers.jambonz import JambonzProvider
from actors.gateway.phone.doors.providers.plivo import PlivoProvider
from actors.gateway.phone.doors.providers.signalwire import SignalwireProvider
from actors.gateway.phone.doors.providers.telnyx import TelnyxProvider
from actors.gateway.phone.doors.providers.twilio import TwilioProvider
from actors.gateway.phone.doors.providers.vonage import VonageProvider
from actors.gateway.phone.doors.signatures.plivo import is_signed_by_plivo
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from actors.gateway.phone.doors.signatures.twilio import is_signed_by_twilio

FACTS = CallFacts("CA1", "MZ1", "+491", "+492")
OFFER = StreamOffer("wss://voice.example.org/phone/x/t0ken", {"business": "b42"})
SOCKET = OFFER.url


def no_secret(_name: str) -> str:
    return ""


PROVIDERS = {
    "twilio": TwilioProvider(TwilioAccount(), no_secret),
    "signalwire": SignalwireProvider(SignalwireAccount(), no_secret),
    "telnyx": TelnyxProvider(TelnyxAccount(), no_secret),
    "plivo": PlivoProvider(PlivoAccount(), no_secret),
    "exotel": ExotelProvider(ExotelAccount(), no_secret),
    "vonage": VonageProvider(VonageAccount(), no_secret, lambda _id, _key: ""),
    "jambonz": JambonzProvider(JambonzAccount(), no_secret),
}


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_we_answer_is_followed_to_the_socket(name: str) -> None:
    found = asked_stream(name, "http://h/answer", PROVIDERS[name].stream(OFFER).body)
    assert found.url.partition("?")[0] == SOCKET
    assert found.parameters == ({} if name == "exotel" else {"business": "b42"})


@pytest.mark.parametrize("name", [name for name in PROVIDERS if name != "exotel"])
def test_an_answer_that_opens_no_socket_is_shown(name: str) -> None:
    refused = PROVIDERS[name].program([SpokenStep("Goodbye."), HangUpStep()]).body
    with pytest.raises(CallRefusedError, match=r"opens no media socket for .*Goodbye"):
        asked_stream(name, "http://h/answer", refused)


@pytest.mark.parametrize("answer", ["", "[]", "{}", "<a>", "null", '[{"verb": 1}]', '{"url": 1}'])
@pytest.mark.parametrize("name", ["twilio", "vonage", "jambonz"])
def test_an_answer_that_is_none_is_no_crash(name: str, answer: str) -> None:
    with pytest.raises(CallRefusedError):
        asked_stream(name, "http://h/answer", answer)


def test_the_rate_is_that_of_the_answer() -> None:
    plivo = '<Response><Stream contentType="audio/x-l16;rate=16000">wss://h/x</Stream></Response>'
    assert asked_stream("plivo", "http://h", plivo) == AskedStream("wss://h/x", {}, 16_000)
    ncco = [
        {
            "action": "connect",
            "endpoint": [{"uri": "wss://h/x", "content-type": "audio/l16;rate=8000"}],
        }
    ]
    assert asked_stream("vonage", "http://h", json.dumps(ncco)).rate_hz == 8_000


def test_the_public_host_is_the_server_that_was_asked() -> None:
    local = "http://127.0.0.1:3000/phone/twilio/answer"
    public = "https://voice.example.org/phone/twilio/answer"
    assert reached(SOCKET, public, local) == "ws://127.0.0.1:3000/phone/x/t0ken"
    assert reached(SOCKET, None, local) == SOCKET
    assert reached("wss://other.example.org/x", public, local) == "wss://other.example.org/x"


@pytest.mark.parametrize("query", ["", "?b=2&a=1%202"])
@pytest.mark.parametrize("posts", [True, False])
def test_signatures_are_those_that_the_gateway_wants(query: str, posts: bool) -> None:
    url = f"https://voice.example.org/phone/x{query}"
    for name, check in (("twilio", is_signed_by_twilio), ("plivo", is_signed_by_plivo)):
        said = said_of(name, replace(FACTS, caller="+49 1")) if posts else {}
        shown = shown_headers(name, url, "secret", said)
        body = "&".join(f"{each}={value}" for each, value in said.items())
        body = body.replace("+", "%2B").replace(" ", "+")
        headers = {each.lower(): value for each, value in shown.items()}
        headers["content-type"] = "application/x-www-form-urlencoded"
        request = SignedRequest("POST" if posts else "GET", url, headers, body.encode())
        assert check(request, "secret")
        assert not check(request, "another")
