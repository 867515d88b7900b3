"""Plivo's signature, version 3: an HMAC of the URL, of all parameters in order, and of a nonce."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from actors.gateway.phone.doors.signatures.signed_request import SignedRequest

SIGNATURE = "x-plivo-signature-v3"
MAIN_SIGNATURE = "x-plivo-signature-ma-v3"
"""By the main account, of a request that belongs to one of its sub-accounts."""
NONCE = "x-plivo-signature-v3-nonce"


def plivo_signature(
    token: str, method: str, url: str, parameters: Iterable[tuple[str, str]], nonce: str
) -> str:
    """Return the signature of a request.

    Args:
        token: Of the account.
        method: `GET`, also of a handshake, or `POST`.
        url: Exactly as Plivo was given it.
        parameters: Of a form.
        nonce: Of the request.
    """
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    form = sorted(parameters)
    if method == "GET":
        query, form = query + form, []
    text = f"{parts.scheme}://{parts.netloc}{parts.path}"
    if query or form:
        text += "?" + "&".join(f"{name}={value}" for name, value in sorted(query))
    if query and form:
        text += "."
    text += "".join(name + value for name, value in form)
    digest = hmac.digest(token.encode(), f"{text}.{nonce}".encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def is_signed_by_plivo(request: SignedRequest, token: str) -> bool:
    """Whether a request is signed by an account; several signatures may be given."""
    nonce = request.headers.get(NONCE, "")
    expected = plivo_signature(token, request.method, request.url, request.form, nonce).encode()
    given = ",".join(request.headers.get(each, "") for each in (SIGNATURE, MAIN_SIGNATURE))
    matches = [hmac.compare_digest(each.strip().encode(), expected) for each in given.split(",")]
    return bool(nonce) and any(matches)
