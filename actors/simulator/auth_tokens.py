"""Ephemeral tokens: what a page connects with in the place of an API key."""

import copy
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from actors.backends.gemini.wire import camel_case, normalise, unknown_name
from actors.simulator.errors import HttpError, Refused, http_preset
from actors.simulator.shapes import as_object

TOKEN_PREFIX = "auth_tokens/"
# Documented: how long a token lasts unless it says so itself, how long a session may be begun with
# it, how often, and how long it may last at most.
DEFAULT_LIFE_S = 30 * 60.0
DEFAULT_START_S = 60.0
DEFAULT_USES = 1
MAX_LIFE_S = 20 * 3600.0
# Unproven of the service: the words in which it closes for a token that is not good any more.
REFUSED_CODE = 1008
FIELDS = ("expireTime", "newSessionExpireTime", "uses", "bidiGenerateContentSetup", "fieldMask")


@dataclass
class Token:
    """One token. Times are those of the epoch, in seconds; `uses` 0 means any number."""

    name: str
    expires_s: float
    start_until_s: float
    uses: int
    setup: dict[str, Any] = field(default_factory=dict)
    mask: list[str] | None = None
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
        now_s = time.time()
        # Documented: to resume is no use of its own, and possible until the token expires.
        begins = not resumes
        late = now_s > self.expires_s or (begins and now_s > self.start_until_s)
        if late or (begins and self.uses and self.used >= self.uses):
            raise Refused(REFUSED_CODE, http_preset("unauthenticated").message)
        self.used += begins
        return self._constrained(given)

    def _constrained(self, given: dict[str, Any]) -> dict[str, Any]:
        if not self.setup and self.mask is None:
            return given
        if self.mask is None:
            # The whole setup is locked; which conversation is resumed is the client's affair.
            locked = copy.deepcopy(self.setup)
            locked.setdefault("model", given.get("model"))
            if "sessionResumption" in given:
                locked["sessionResumption"] = given["sessionResumption"]
            return locked
        result = copy.deepcopy(given)
        for path in self.mask:
            _lock(result, self.setup, path.split("."))
        return result


class AuthTokens:
    """All tokens of one server."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def create(self, body: Any) -> Token:
        """A new token as the body of `auth_tokens.create` asks for it. Raises HttpError."""
        wanted = normalise(body)
        if not isinstance(wanted, dict):
            raise http_preset("invalid_argument")
        for name in wanted:
            if name not in FIELDS:
                why = unknown_name(name, "auth_token").description
                raise HttpError(400, "INVALID_ARGUMENT", why)
        now_s = time.time()
        expires_s = _time(wanted.get("expireTime"), now_s + DEFAULT_LIFE_S)
        start_s = _time(wanted.get("newSessionExpireTime"), now_s + DEFAULT_START_S)
        uses = wanted.get("uses", DEFAULT_USES)
        if isinstance(uses, bool) or not isinstance(uses, int) or uses < 0:
            raise http_preset("invalid_argument")
        if not now_s < expires_s <= now_s + MAX_LIFE_S or start_s <= now_s:
            raise http_preset("invalid_argument")
        setup = wanted.get("bidiGenerateContentSetup") or {}
        if not isinstance(setup, dict):
            raise http_preset("invalid_argument")
        mask = wanted.get("fieldMask")
        if mask is not None and not isinstance(mask, str):
            raise http_preset("invalid_argument")
        token = Token(
            name=f"{TOKEN_PREFIX}{secrets.token_hex(32)}",
            expires_s=expires_s,
            start_until_s=start_s,
            uses=uses,
            setup=setup,
            mask=None if mask is None else [_camel_path(path) for path in mask.split(",") if path],
        )
        self._forget_expired(now_s)
        self._tokens[token.name] = token
        return token

    def find(self, name: str) -> Token | None:
        """The token of that name, also one that is not good any more for a while."""
        return self._tokens.get(name)

    def _forget_expired(self, now_s: float) -> None:
        for name, token in list(self._tokens.items()):
            if token.expires_s < now_s - DEFAULT_LIFE_S:
                del self._tokens[name]


def _camel_path(path: str) -> str:
    return ".".join(camel_case(name) for name in path.strip().split("."))


def _lock(target: dict[str, Any], locked: dict[str, Any], path: list[str]) -> None:
    name, *below = path
    if not below:
        if name in locked:
            target[name] = copy.deepcopy(locked[name])
        else:
            target.pop(name, None)
        return
    inner, source = target.get(name), locked.get(name)
    if not isinstance(inner, dict):
        inner = target[name] = {}
    _lock(inner, source if isinstance(source, dict) else {}, below)


def _time(value: Any, default_s: float) -> float:
    if value is None:
        return default_s
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise http_preset("invalid_argument") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
