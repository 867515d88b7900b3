"""What providers show a server, so that it knows that it is them: headers of the handshake."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit, urlunsplit

BEARERS = ("signalwire", "telnyx", "website")
"""Show the token that was configured for the stream; a website, the key of its server."""
BASIC = ("exotel", "jambonz", "jambonz_clips", "chan_websocket", "mod_audio_fork")
"""Show user and password."""
NO_FORM: Mapping[str, str] = {}
GEMINI = "gemini"
"""Shows the key that SDKs show."""
PLAIN = ("vonage", "mod_audio_stream")
"""Show whatever was configured."""


def shown_headers(
    provider: str, url: str, token: str, form: Mapping[str, str] = NO_FORM
) -> Mapping[str, str]:
    """Return the headers with which a provider connects, or asks a webhook.

    Args:
        provider: Its name.
        url: As the provider was given it: what it signs.
        token: The account's secret, the stream's token, or `USER:PASSWORD`.
        form: What it posts, if it does.
    """
    if provider == "twilio":
        signed = url + "".join(name + form[name] for name in sorted(form))
        signature = _hmac(token, signed, "sha1")
        return {"X-Twilio-Signature": signature}
    if provider == "plivo":
        nonce = secrets.token_hex(8)
        signed = f"{_with_sorted_query(url, form)}.{nonce}"
        return {
            "X-Plivo-Signature-V3": _hmac(token, signed, "sha256"),
            "X-Plivo-Signature-V3-Nonce": nonce,
        }
    if provider == GEMINI:
        return {"x-goog-api-key": token}
    if provider in BEARERS:
        return {"Authorization": f"Bearer {token}"}
    if provider in BASIC:
        return {"Authorization": f"Basic {base64.b64encode(token.encode()).decode()}"}
    return {"Authorization": token} if provider in PLAIN else {}


def _hmac(key: str, text: str, algorithm: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), algorithm)).decode()


def _with_sorted_query(url: str, form: Mapping[str, str]) -> str:
    """Return the URL with its query in order and without escapes, and a form, as Plivo signs it."""
    parts = urlsplit(url)
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    signed = urlunsplit(parts._replace(query=query))
    if not form:
        return signed
    posted = "".join(name + form[name] for name in sorted(form))
    return f"{signed}{'.' if query else '?'}{posted}"
