"""Who may ask and who may open a Live session: keys and ephemeral tokens."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from actors.backends.gemini.wire.auth_tokens import TOKEN_PREFIX
from actors.backends.gemini.wire.http_error import HttpError
from actors.simulator.auth_tokens import REFUSED_CODE, AuthTokens
from actors.simulator.errors import Refused, close_preset, http_preset, presets, refused

# The method that is for tokens, and only for them.
CONSTRAINED = "BidiGenerateContentConstrained"
TOKEN_SCHEME = "Token "

Admit = Callable[[Any], Any]
"""Gives the setup that holds for a setup message, or raises Refused."""


class AccessControl:
    """Decides by key, by token and by the method of the Live API.

    Args:
        keys: That are accepted; None: any.
        live_sessions: Most at once of one key; None: any number.
    """

    def __init__(self, keys: list[str] | None, live_sessions: int | None = None) -> None:
        self.tokens = AuthTokens()
        self._keys = keys
        self._live_sessions = live_sessions
        self._open: defaultdict[str, set[int]] = defaultdict(set)

    def key_error(self, key: str) -> HttpError | None:
        """Why a request with this key is refused, or None."""
        if not key:
            return http_preset("no_key")
        if self._keys is not None and key in self._keys:
            return None
        if key in presets()["keys"]:
            return http_preset(presets()["keys"][key]["http"])
        if self._keys is not None or key.startswith(TOKEN_PREFIX):
            return http_preset("invalid_key")
        return None

    def to_session(
        self, method: str, headers: dict[str, str], query: dict[str, str], number: int = 0
    ) -> Admit:
        """How a session is let in. `headers` have lower-case names; `number` is of the session.

        Raises:
            HttpError: there is neither key nor token, so that the handshake is refused.
        """
        key = key_of(headers, query)
        token = query.get("access_token") or _token_of(headers.get("authorization", ""))
        if method == CONSTRAINED:
            return self._by_token(token or key)
        if token and (not key or key.startswith(TOKEN_PREFIX)):
            # Reported of the service: a token is nobody where a key is wanted.
            return _refusal(REFUSED_CODE, http_preset("no_key").message)
        error = self.key_error(key)
        if error is None:
            return self._if_there_is_room(key, number)
        if not key:
            raise error
        preset = close_preset(presets()["keys"].get(key, {"close": "invalid_key"})["close"])
        return _refusal(preset.code, preset.reason)

    def left(self, number: int) -> None:
        """A session has ended: its place is free."""
        for numbers in self._open.values():
            numbers.discard(number)

    def _if_there_is_room(self, key: str, number: int) -> Admit:
        """As it is reported of the service: the socket opens, and the setup is answered by 1011."""

        def admit(setup: Any) -> Any:
            if self._live_sessions is not None and len(self._open[key]) >= self._live_sessions:
                raise refused("concurrent")
            self._open[key].add(number)
            return setup

        return admit

    def _by_token(self, name: str) -> Admit:
        if not name.startswith(TOKEN_PREFIX):
            return _refusal(REFUSED_CODE, http_preset("no_key").message)
        token = self.tokens.find(name)
        if token is None:
            return _refusal(REFUSED_CODE, http_preset("unauthenticated").message)
        return token.admit


def key_of(headers: dict[str, str], query: dict[str, str]) -> str:
    """The API key; `headers` have lower-case names."""
    return headers.get("x-goog-api-key") or query.get("key") or ""


def _refusal(code: int, reason: str) -> Admit:
    def refuse(setup: Any) -> Any:
        raise Refused(code, reason)

    return refuse


def _token_of(authorization: str) -> str:
    if authorization.startswith(TOKEN_SCHEME):
        return authorization.removeprefix(TOKEN_SCHEME).strip()
    return ""
