"""API keys: made, shown once, and known by their hashes from then on."""

from __future__ import annotations

import hashlib
import secrets

PREFIX = "greenroom_"
"""So that people, and programs that look for lost keys, know one when they see it."""
KEY_BYTES = 32
"""256 bits: nobody guesses one, so a plain hash of it is enough, and lookups need no delay."""


def make_key() -> str:
    """Return a new key."""
    return PREFIX + secrets.token_urlsafe(KEY_BYTES)


def hash_of(key: str) -> str:
    """Return what is kept of a key: its SHA-256, in hexadecimal."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
