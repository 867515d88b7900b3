"""Twilio's signature: an HMAC of the URL and of the form's parameters in order.

SignalWire's requests of the same kind are signed in the same way.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from actors.gateway.phone.doors.signatures.signed_request import SignedRequest

SIGNATURE = "x-twilio-signature"
SETTINGS = "x-twilio-webhooks-signature-settings"
"""Comes if a rule of the account signs with a key of its own: `key=NAME,algorithm=HMAC_SHA256`."""
BODY_HASH = "bodySHA256"
"""In the query, if the body is no form."""
DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}


class TwilioAlgorithm(StrEnum):
    """As the header of settings names them."""

    SHA1 = "HMAC_SHA1"
    SHA256 = "HMAC_SHA256"


def algorithm_of(settings: str) -> TwilioAlgorithm | None:
    """Return which algorithm the header of settings names; None if it is none that is known."""
    pairs = dict(pair.strip().partition("=")[::2] for pair in settings.split(","))
    name = pairs.get("algorithm", "").strip()
    return TwilioAlgorithm(name) if name in set(TwilioAlgorithm) else None


def twilio_signature(
    key: str,
    url: str,
    parameters: Iterable[tuple[str, str]],
    algorithm: TwilioAlgorithm = TwilioAlgorithm.SHA1,
) -> str:
    """Return the signature of a request.

    Args:
        key: Token of the account, or the shared key of the rule.
        url: Exactly as Twilio was given it.
        parameters: Of a form; none for a handshake.
        algorithm: Of the HMAC.
    """
    text = url + "".join(name + value for name, value in sorted(set(parameters)))
    digest = hashlib.sha1 if algorithm is TwilioAlgorithm.SHA1 else hashlib.sha256
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), digest)).decode()


def is_signed_by_twilio(
    request: SignedRequest,
    key: str,
    algorithm: TwilioAlgorithm = TwilioAlgorithm.SHA1,
    header: str = SIGNATURE,
) -> bool:
    """Whether a request is signed with a key.

    The port of the URL counts as Twilio's own validator has it: the one that is the scheme's
    default may be written or not, and another may be left out.
    """
    given = request.headers.get(header, "").encode()
    matches = [
        hmac.compare_digest(given, twilio_signature(key, url, request.form, algorithm).encode())
        for url in _ways_to_write(request.url)
    ]
    return any(matches) and _is_hash_right(request)


def _is_hash_right(request: SignedRequest) -> bool:
    said = dict(parse_qsl(urlsplit(request.url).query)).get(BODY_HASH)
    if said is None:
        # A body that is no form is signed by its hash only: without one it could be anybody's.
        return bool(request.form) or not request.body
    return hmac.compare_digest(said.encode(), hashlib.sha256(request.body).hexdigest().encode())


def _ways_to_write(url: str) -> set[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    default = DEFAULT_PORTS.get(parts.scheme)
    ways = {url, urlunsplit(parts._replace(netloc=host))}
    if parts.port in (None, default):
        ways.add(urlunsplit(parts._replace(netloc=f"{host}:{default}")))
    return ways
