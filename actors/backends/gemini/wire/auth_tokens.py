"""Ephemeral tokens as `auth_tokens.create` asks for them, and what they lock of a setup."""

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from actors.backends.gemini.wire.encoding import camel_case, normalise
from actors.backends.gemini.wire.http_error import HttpError
from actors.backends.gemini.wire.invalid import INVALID_ARGUMENT, unknown_name

TOKEN_PREFIX = "auth_tokens/"
# Documented: how long a token lasts unless it says so itself, how long a session may be begun with
# it, how often, and how long it may last at most.
DEFAULT_LIFE_S = 30 * 60.0
DEFAULT_START_S = 60.0
DEFAULT_USES = 1
MAX_LIFE_S = 20 * 3600.0
FIELDS = ("expireTime", "newSessionExpireTime", "uses", "bidiGenerateContentSetup", "fieldMask")


@dataclass(frozen=True)
class TokenRequest:
    """What a token is to be good for. Times are those of the epoch, in seconds.

    Attributes:
        expires_s: When it is good for nothing any more.
        start_until_s: Until when a session may be begun with it.
        uses: How many sessions may be begun; 0 means any number.
        setup: What it locks of a Live session's setup.
        mask: Which fields of it; None: the whole, if there is any.
    """

    expires_s: float
    start_until_s: float
    uses: int = DEFAULT_USES
    setup: dict[str, Any] = field(default_factory=dict)
    mask: list[str] | None = None

    @classmethod
    def parse(cls, body: Any, now_s: float) -> "TokenRequest":
        """Checks a body of `auth_tokens.create`. Raises HttpError."""
        wanted = normalise(body)
        if not isinstance(wanted, dict):
            raise _invalid_argument()
        for name in wanted:
            if name not in FIELDS:
                why = unknown_name(name, "auth_token").description
                raise HttpError(400, "INVALID_ARGUMENT", why)
        expires_s = _time(wanted.get("expireTime"), now_s + DEFAULT_LIFE_S)
        start_s = _time(wanted.get("newSessionExpireTime"), now_s + DEFAULT_START_S)
        uses = wanted.get("uses", DEFAULT_USES)
        if isinstance(uses, bool) or not isinstance(uses, int) or uses < 0:
            raise _invalid_argument()
        if not now_s < expires_s <= now_s + MAX_LIFE_S or start_s <= now_s:
            raise _invalid_argument()
        setup = wanted.get("bidiGenerateContentSetup") or {}
        mask = wanted.get("fieldMask")
        if not isinstance(setup, dict) or not isinstance(mask, str | None):
            raise _invalid_argument()
        paths = None if mask is None else [_camel_path(path) for path in mask.split(",") if path]
        return cls(expires_s, start_s, uses, setup, paths)


def constrained(
    given: dict[str, Any], setup: dict[str, Any], mask: list[str] | None
) -> dict[str, Any]:
    """The setup that holds: a client's, with what its token locks. Keys are in camelCase."""
    if not setup and mask is None:
        return given
    if mask is None:
        # The whole setup is locked; which conversation is resumed is the client's affair.
        locked = copy.deepcopy(setup)
        locked.setdefault("model", given.get("model"))
        if "sessionResumption" in given:
            locked["sessionResumption"] = given["sessionResumption"]
        return locked
    result = copy.deepcopy(given)
    for path in mask:
        _lock(result, setup, path.split("."))
    return result


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
        raise _invalid_argument() from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _invalid_argument() -> HttpError:
    return HttpError(400, "INVALID_ARGUMENT", INVALID_ARGUMENT)
