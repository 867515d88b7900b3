"""Why somebody is not let in, or not any further: one table for every protocol."""

from __future__ import annotations

from enum import StrEnum

from actors.gateway.errors import CallerError

CLOSE_CODES_FROM = 4000
"""RFC 6455, 7.4.2: codes from here on are an application's own; ours are this plus the status that
HTTP would have, so that one table says both."""
TRY_AGAIN_LATER = 1013
"""Of the registry of RFC 6455: not here and now."""
CONNECT_AGAIN_S = 5.0
"""When to connect again if there are too many connections: most requests take less."""


class Denial(StrEnum):
    """What stands in the way; the value is the `code` of an error, and in the names of counters."""

    NO_KEY = "no_key"
    KEY_INVALID = "key_invalid"
    KEY_IN_URL = "key_in_url"
    TOKEN_INVALID = "token_invalid"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_LATE = "token_late"
    TOKEN_USED = "token_used"
    TOKEN_OTHER_SESSION = "token_other_session"
    SCOPE_MISSING = "scope_missing"
    NOT_YOURS = "not_yours"
    ORIGIN = "origin_not_allowed"
    HOST = "host_not_served"
    FORWARDED = "forwarded_without_key"
    SILENT = "no_first_message"
    SLOW = "request_too_slow"
    NEW_SESSIONS = "too_many_new_sessions"
    SESSIONS_AT_ONCE = "too_many_sessions"
    CONNECTIONS = "too_many_connections"
    BUSY = "too_many_connected"
    OVERLOADED = "overloaded"
    KEYS_UNKNOWN = "keys_cannot_be_read"
    ROOM_FULL = "room_full"
    ROOM_DRAINING = "room_draining"
    ROOM_WITHOUT_LEASE = "room_without_lease"
    QUOTA_FULL = "quota_full"
    UNSIGNED = "unsigned"
    SIGNATURE_WRONG = "signature_wrong"
    SIGNATURE_LATE = "signature_late"
    SIGNATURE_USED = "signature_used"
    TOKEN_OTHER_CALL = "token_other_call"
    BUSINESS_UNKNOWN = "business_unknown"
    PROVIDER_UNKNOWN = "provider_unknown"
    PUBLIC_URL_MISSING = "public_url_missing"
    CALLS_AT_ONCE = "too_many_calls"
    NUMBER_REFUSED = "number_not_allowed"


STATUS: dict[Denial, int] = {
    Denial.NO_KEY: 401,
    Denial.KEY_INVALID: 401,
    Denial.KEY_IN_URL: 401,
    Denial.TOKEN_INVALID: 401,
    Denial.TOKEN_EXPIRED: 401,
    Denial.TOKEN_LATE: 403,
    Denial.TOKEN_USED: 403,
    Denial.TOKEN_OTHER_SESSION: 403,
    Denial.SCOPE_MISSING: 403,
    Denial.NOT_YOURS: 403,
    Denial.ORIGIN: 403,
    Denial.HOST: 421,
    Denial.FORWARDED: 403,
    Denial.SILENT: 408,
    Denial.SLOW: 408,
    Denial.NEW_SESSIONS: 429,
    Denial.SESSIONS_AT_ONCE: 429,
    Denial.CONNECTIONS: 429,
    Denial.BUSY: 503,
    Denial.OVERLOADED: 503,
    Denial.KEYS_UNKNOWN: 503,
    Denial.ROOM_FULL: 503,
    Denial.ROOM_DRAINING: 503,
    Denial.ROOM_WITHOUT_LEASE: 503,
    Denial.QUOTA_FULL: 503,
    Denial.UNSIGNED: 403,
    Denial.SIGNATURE_WRONG: 403,
    Denial.SIGNATURE_LATE: 403,
    Denial.SIGNATURE_USED: 403,
    Denial.TOKEN_OTHER_CALL: 403,
    Denial.BUSINESS_UNKNOWN: 403,
    Denial.PROVIDER_UNKNOWN: 404,
    Denial.PUBLIC_URL_MISSING: 503,
    Denial.CALLS_AT_ONCE: 429,
    Denial.NUMBER_REFUSED: 403,
}
"""Status over HTTP (RFC 9110; 429: RFC 6585)."""
ELSEWHERE = {
    Denial.ROOM_FULL,
    Denial.ROOM_DRAINING,
    Denial.ROOM_WITHOUT_LEASE,
    Denial.QUOTA_FULL,
}
"""Another room may take who is refused by this one, or this one in a moment."""


class AccessDeniedError(CallerError):
    """Somebody is not let in, or may not do this.

    Args:
        denial: What stands in the way.
        detail: The same in words, with what to do about it; holds no key and no token.
        retry_after_s: When to try again, if that helps.
    """

    def __init__(self, denial: Denial, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.denial = denial
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        """Status over HTTP."""
        return STATUS[self.denial]

    @property
    def close_code(self) -> int:
        """Close code of a WebSocket."""
        if self.denial in ELSEWHERE:
            return TRY_AGAIN_LATER
        return CLOSE_CODES_FROM + self.status
