"""What a webhook is answered comes back in the first message of the socket, and is understood."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest
from phone_lines import EVERY, STARTS

from actors.gateway.phone.dialect import CallStarted
from actors.gateway.phone.doors.account_options import AccountsOptions
from actors.gateway.phone.doors.call_program import StreamOffer
from actors.gateway.phone.doors.provider_table import provider_table

CALL = "63f61863-4a51-4f6b-86e1-46edebcf9356"
OFFER = StreamOffer(
    "wss://voice.example.org/phone/NAME/TOKEN",
    {
        "business": "b42",
        "direction": "inbound",
        "caller": "+4915112345678",
        "called": "+4930123",
        "call_id": CALL,
    },
    "https://voice.example.org/phone/NAME/status",
)


def by_parameter(name: str, place: str) -> Callable[[str], tuple[str, str]]:
    """`<Parameter>` of a document in XML comes back in a place of the start message."""

    def come_back(body: str) -> tuple[str, str]:
        (stream,) = ElementTree.fromstring(body).iter("Stream")
        fields = json.loads(str(STARTS[name]))
        fields["start"][place] = {each.get("name"): each.get("value") for each in stream}
        return str(stream.get("url")), json.dumps(fields)

    return come_back


def plivo(body: str) -> tuple[str, str]:
    (stream,) = ElementTree.fromstring(body).iter("Stream")
    fields = json.loads(str(STARTS["plivo"]))
    fields["extra_headers"] = str(stream.get("extraHeaders")).replace(",", ";")
    encoding, _, rate_hz = str(stream.get("contentType")).partition(";rate=")
    fields["start"]["mediaFormat"] = {"encoding": encoding, "sampleRate": int(rate_hz)}
    return str(stream.text), json.dumps(fields)


def vonage(body: str) -> tuple[str, str]:
    (endpoint,) = json.loads(body)[0]["endpoint"]
    fields = {"event": "websocket:connected", "content-type": endpoint["content-type"]}
    return endpoint["uri"], json.dumps(fields | endpoint["headers"])


def jambonz(body: str) -> tuple[str, str]:
    (listen,) = [verb for verb in json.loads(body) if verb["verb"] == "listen"]
    fields: dict[str, Any] = {"sampleRate": listen["sampleRate"], "mixType": listen["mixType"]}
    return listen["url"], json.dumps({**fields, "callSid": CALL, **listen["metadata"]})


def exotel(body: str) -> tuple[str, str]:
    return json.loads(body)["url"], str(STARTS["exotel"])


COME_BACK: dict[str, Callable[[str], tuple[str, str]]] = {
    "twilio": by_parameter("twilio", "customParameters"),
    "signalwire": by_parameter("signalwire", "customParameters"),
    "telnyx": by_parameter("telnyx", "custom_parameters"),
    "plivo": plivo,
    "vonage": vonage,
    "jambonz": jambonz,
    "jambonz-clips": jambonz,
    "exotel": exotel,
}


@pytest.mark.parametrize("name", sorted(COME_BACK))
def test_what_was_offered_is_what_a_call_says(name: str) -> None:
    provider = provider_table(AccountsOptions(), {})[name]
    url, start = COME_BACK[name](provider.stream(OFFER).body)
    assert urlsplit(url).path == "/phone/NAME/TOKEN"
    query = dict(parse_qsl(urlsplit(url).query))
    (started,) = EVERY[name](query).take(start)
    assert isinstance(started, CallStarted)
    assert started.call_id
    if name == "exotel":
        return  # It takes three pairs in the URL, and the table of calls knows the rest.
    assert started.parameters["business"] == "b42"
    assert started.parameters["direction"] == "inbound"
    if name in {"vonage", "jambonz", "jambonz-clips"}:
        assert started.call_id == CALL
