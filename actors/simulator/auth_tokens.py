"""Ephemeral tokens: what a page connects with in the place of an API key."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from actors.backends.gemini.wire.auth_tokens import (
    DEFAULT_LIFE_S,
    TOKEN_PREFIX,
    TokenRequest,
    constrained,
)
from actors.simulator.errors import Refused, http_preset
from actors.simulator.shapes import as_object

# Unproven of the service: the words in which it closes for a token that is not good any more.
REFUSED_CODE = 1008


@dataclass
class Token:
    """One token, as it was asked for."""

    name: str
    wanted: TokenRequest
    used: int = 0

    def to_json(self) -> dict[str, Any]:
        """As `auth_tokens.create` answers."""
        return {"name": self.name}

    def admit(self, setup: Any) -> Any:
        """The setup that holds: the client's, with what the token locks.

        Raises:
            Refused: the token is too old or was used too often.
        """
        given = as_object(setup)
        resumes = bool(as_object(given.get("sessionResumption")).get("handle"))
        now_s, wanted = time.time(), self.wanted
        # Documented: to resume is no use of its own, and possible until the token expires.
        begins = not resumes
        late = now_s > wanted.expires_s or (begins and now_s > wanted.start_until_s)
        if late or (begins and wanted.uses and self.used >= wanted.uses):
            raise Refused(REFUSED_CODE, http_preset("unauthenticated").message)
        self.used += begins
        return constrained(given, wanted.setup, wanted.mask)


class AuthTokens:
    """All tokens of one server."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def create(self, body: Any) -> Token:
        """A new token as the body of `auth_tokens.create` asks for it. Raises HttpError."""
        now_s = time.time()
        wanted = TokenRequest.parse(body, now_s)
        token = Token(f"{TOKEN_PREFIX}{secrets.token_hex(32)}", wanted)
        self._forget_expired(now_s)
        self._tokens[token.name] = token
        return token

    def find(self, name: str) -> Token | None:
        """The token of that name, also one that is not good any more for a while."""
        return self._tokens.get(name)

    def _forget_expired(self, now_s: float) -> None:
        for name, token in list(self._tokens.items()):
            if token.wanted.expires_s < now_s - DEFAULT_LIFE_S:
                del self._tokens[name]
