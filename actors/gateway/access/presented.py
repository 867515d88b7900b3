"""The key or token that came with a request, in whatever way its client sends one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import parse_qsl

from actors.gateway.access.tokens import looks_like_token

GEMINI_TOKEN = "auth_tokens/"
"""Names of tokens in the Gemini protocol begin so."""
AUTHORIZATION = re.compile(r"(?:Bearer|Token)\s+(\S+)\s*", re.IGNORECASE)
KEY_HEADERS = ("x-api-key", "x-goog-api-key")
SECRET_HEADERS = {b"authorization", b"proxy-authorization", b"cookie"} | {
    name.encode() for name in KEY_HEADERS
}
TOKEN_PARAMETERS = ("access_token", "token")
KEY_PARAMETER = "key"
SECRET_PARAMETER = re.compile(
    rb"(?i)(?<![^?&;])(?:key|access_token|token|api_key|apikey)=[^&;#]*[&;]?"
)


class CredentialPlace(Enum):
    """Where it was."""

    HEADER = auto()
    ADDRESS = auto()


PATH_TOKEN = re.compile(r"(/phone/[^/\s]+/)[\w-]+\.[\w-]{43}")
"""A telephone provider's socket has its token in the path: some keep no query."""


def without_path_token(text: str) -> str:
    """Return a path, or a line that has one in it, without the token."""
    return PATH_TOKEN.sub(r"\1[token]", text)


@dataclass(frozen=True)
class Presented:
    """What came, not yet looked at.

    Attributes:
        text: The key or the token itself.
        place: Where it was.
    """

    text: str
    place: CredentialPlace

    def __repr__(self) -> str:
        """Say nothing of it."""
        return f"Presented({self.place.name})"

    @property
    def is_token(self) -> bool:
        """Whether it looks like a token; else it is taken for a key."""
        return looks_like_token(self.text)


def presented(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> Presented | None:
    """Return what came with a request; None if nothing did.

    Official clients of Gemini send theirs twice, and as many do, ours in `Authorization` beside a
    key that means nothing: so that one goes first.

    Args:
        headers: Names in lower case.
        query: Of the address, as it came.
    """
    named = {name: value.decode("latin-1") for name, value in reversed(list(headers))}
    found = AUTHORIZATION.fullmatch(named.get(b"authorization", "").strip())
    candidates = [
        found.group(1) if found else "",
        *(named.get(h.encode(), "") for h in KEY_HEADERS),
    ]
    for text in candidates:
        if text.strip():
            return Presented(text.strip().removeprefix(GEMINI_TOKEN), CredentialPlace.HEADER)
    parameters = dict(reversed(parse_qsl(query.decode("latin-1"))))
    for name in (*TOKEN_PARAMETERS, KEY_PARAMETER):
        if parameters.get(name):
            return Presented(parameters[name].removeprefix(GEMINI_TOKEN), CredentialPlace.ADDRESS)
    return None


def without_secrets(
    headers: Iterable[tuple[bytes, bytes]], query: bytes
) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return headers and query without keys and tokens: nothing further in can tell of them."""
    kept = [each for each in headers if each[0] not in SECRET_HEADERS]
    return kept, SECRET_PARAMETER.sub(b"", query).rstrip(b"&;")
