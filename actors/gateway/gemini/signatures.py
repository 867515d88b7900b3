"""Which session called a function, in what clients of 3.x models send back with each call.

The service signs its thoughts and wants the signature back with the call; a client that keeps it,
as SDKs do, so names the session in which its function is waited for.
"""

from __future__ import annotations

from typing import Any

from actors.backends.gemini.wire import decode_base64, encode_base64

PREFIX = "content-"
"""Of the sessions of `generateContent`; a signature leads to no other."""


def signature(session: str) -> str:
    """Return the `thoughtSignature` of a session's calls."""
    return encode_base64(session.encode())


def session_of(part: dict[str, Any]) -> str:
    """Return the session whose call it is; empty if it is of elsewhere."""
    try:
        name = decode_base64(part.get("thoughtSignature") or "").decode()
    except ValueError:
        return ""
    return name if name.startswith(PREFIX) else ""
