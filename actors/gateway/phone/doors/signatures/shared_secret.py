"""Providers that send a secret itself: as a bearer, or as name and password."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping


def bearer_of(headers: Mapping[str, str]) -> str:
    """Return the bearer's token of a request; empty if it has none."""
    scheme, _, text = headers.get("authorization", "").strip().partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def basic_of(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Return name and password of a request; None if it has none (RFC 7617)."""
    scheme, _, text = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(text.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    name, colon, password = decoded.partition(":")
    return (name, password) if colon else None


def is_bearer(headers: Mapping[str, str], token: str) -> bool:
    """Whether a request has this bearer's token."""
    return bool(token) and hmac.compare_digest(bearer_of(headers).encode(), token.encode())


def is_basic(headers: Mapping[str, str], name: str, password: str) -> bool:
    """Whether a request has this name and password."""
    given = basic_of(headers) or ("", "")
    # Both are compared, so that the time tells nothing of either.
    named = hmac.compare_digest(given[0].encode(), name.encode())
    known = hmac.compare_digest(given[1].encode(), password.encode())
    return bool(password) and named and known
