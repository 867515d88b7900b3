"""The webhook that a provider asks what is to happen with a call: how it asks, what it is told.

Signatures are made as `credentials_shown` says; Telnyx' and Vonage's need a key of their own, and
are left out.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit, urlunsplit
from urllib.request import ProxyHandler, Request, build_opener

from actors.cli.calling.credentials_shown import shown_headers
from actors.cli.calling.provider_words import CallFacts
from actors.cli.calling.transports import CallRefusedError
from actors.lib.proxy import proxy_for

WAIT_S = 15.0
"""Twilio waits as long for an answer."""
MOST_SHOWN = 300
"""Characters of an answer that opens no socket."""
BY_QUERY = ("vonage", "exotel")
BY_JSON = ("jambonz", "jambonz_clips")
IN_XML = ("twilio", "signalwire", "telnyx", "plivo")
RATE = re.compile(r"rate=(\d+)")


@dataclass(frozen=True)
class AskedStream:
    """The socket that a webhook asks for.

    Attributes:
        url: Of it, as it was answered.
        parameters: That its first message says again.
        rate_hz: Of the line; None: as the provider has it if nothing is asked.
    """

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    rate_hz: int | None = None


def ask_webhook(
    provider: str, url: str, facts: CallFacts, token: str | None, signed_url: str
) -> AskedStream:
    """Ask a webhook as a provider does when somebody calls.

    Args:
        provider: Its name.
        url: Of the webhook.
        facts: Of the call.
        token: What the provider signs with, or shows; None: nothing.
        signed_url: What it signs.

    Raises:
        CallRefusedError: there is no answer, or it asks for no socket.
    """
    said = said_of(provider, facts)
    headers = {}
    if token:
        form = said if provider in IN_XML else {}
        headers = dict(shown_headers(provider, signed_url, token, form))
    request = Request(url, headers=headers)
    if provider in BY_QUERY:
        request.full_url = f"{url}{'&' if '?' in url else '?'}{urlencode(said)}"
    elif provider in BY_JSON:
        request.data = json.dumps(said).encode()
        request.add_header("Content-Type", "application/json")
    else:
        request.data = urlencode(said).encode()
    return asked_stream(provider, url, _answer(request, url))


def said_of(provider: str, facts: CallFacts) -> dict[str, str]:
    """Return what a provider says of a call that comes in."""
    match provider:
        case "plivo":
            said = {"CallUUID": facts.call_id, "Direction": "inbound", "CallStatus": "ringing"}
            return {**said, "Event": "StartApp", "From": facts.caller, "To": facts.called}
        case "vonage":
            said = {"uuid": facts.call_id, "conversation_uuid": f"CON-{facts.call_id}"}
            return {**said, "from": facts.caller, "to": facts.called}
        case "exotel":
            said = {"CallSid": facts.call_id, "Direction": "incoming"}
            return {**said, "CallFrom": facts.caller, "CallTo": facts.called}
        case "jambonz" | "jambonz_clips":
            said = {"call_sid": facts.call_id, "direction": facts.direction}
            said |= {"call_status": "trying", "from": facts.caller, "to": facts.called}
            return said
    said = {"CallSid": facts.call_id, "AccountSid": "AC00000000000000000000000000000001"}
    said |= {"CallStatus": "ringing", "Direction": "inbound", "ApiVersion": "2010-04-01"}
    return {**said, "From": facts.caller, "To": facts.called}


def asked_stream(provider: str, url: str, answer: str) -> AskedStream:
    """Return the socket that an answer asks for.

    Args:
        provider: Its name.
        url: Of the webhook.
        answer: What it answered.

    Raises:
        CallRefusedError: it asks for none.
    """
    try:
        found = _in_xml(answer) if provider in IN_XML else _in_json(provider, json.loads(answer))
    except (ET.ParseError, ValueError, TypeError, LookupError, AttributeError):
        found = None
    if found is None:
        shown = " ".join(answer.split())[:MOST_SHOWN]
        raise CallRefusedError(f"{url} opens no media socket for {provider}: it says {shown!r}")
    return found


def reached(stream_url: str, public_url: str | None, webhook_url: str) -> str:
    """Return where a socket is called: the server of the webhook, where the public one is meant."""
    stream, webhook = urlsplit(stream_url), urlsplit(webhook_url)
    if public_url is None or stream.netloc != urlsplit(public_url).netloc:
        return stream_url
    scheme = "wss" if webhook.scheme == "https" else "ws"
    return urlunsplit(stream._replace(scheme=scheme, netloc=webhook.netloc))


def _answer(request: Request, url: str) -> str:
    proxy = proxy_for(url)
    opener = build_opener(ProxyHandler({urlsplit(url).scheme: proxy.url} if proxy else {}))
    try:
        with opener.open(request, timeout=WAIT_S) as response:
            return str(response.read().decode(errors="replace"))
    except HTTPError as error:
        body = " ".join(error.read().decode(errors="replace").split())[:MOST_SHOWN]
        raise CallRefusedError(
            f"{url} refuses the call with {error.code}{': ' if body else ''}{body}; "
            "see --auth-token and --public-url for what it may want to see"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise CallRefusedError(f"{url} cannot be asked: {reason}") from None


def _in_xml(answer: str) -> AskedStream | None:
    stream = next(ET.fromstring(answer).iter("Stream"), None)
    if stream is None:
        return None
    given = {each.attrib["name"]: each.attrib["value"] for each in stream.iter("Parameter")}
    pairs = (each.partition("=") for each in stream.get("extraHeaders", "").split(",") if each)
    given |= {name.strip(): value.strip() for name, _, value in pairs}
    form = stream.get("contentType", "")
    rate = stream.get("bidirectionalSamplingRate") or "".join(RATE.findall(form))
    url = stream.get("url") or (stream.text or "").strip()
    return AskedStream(url, given, int(rate) if rate else None) if url else None


def _in_json(provider: str, answer: Any) -> AskedStream | None:
    if provider == "exotel":
        return AskedStream(str(answer["url"]))
    if provider == "vonage":
        connect = next((each for each in answer if each["action"] == "connect"), None)
        if connect is None:
            return None
        endpoint = connect["endpoint"][0]
        rate = RATE.findall(endpoint["content-type"])
        return AskedStream(endpoint["uri"], endpoint.get("headers", {}), int(rate[0]))
    listen = next((each for each in answer if each["verb"] in ("listen", "stream")), None)
    if listen is None:
        return None
    return AskedStream(listen["url"], listen.get("metadata", {}), listen.get("sampleRate"))
