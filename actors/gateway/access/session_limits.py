"""How many sessions a credential and an address may begin, and have at once."""

from __future__ import annotations

from actors.gateway.access.addresses import limited_as
from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.access.limit_options import LimitOptions
from actors.gateway.access.token_bucket import BucketTable, Rate
from actors.gateway.errors import REFUSED_AGAIN_S

BURST_S = 60.0
"""What may be begun in a minute may be begun at once."""


class SessionLimits:
    """Counts beginnings; how many are open is told by who knows.

    Args:
        limits: How many may be.
    """

    def __init__(self, limits: LimitOptions) -> None:
        self._limits = limits
        self._by_address = _table(limits.new_sessions_per_address)
        per_credential = limits.new_sessions_per_credential
        self._by_credential = None if per_credential is None else _table(per_credential)

    def begin(
        self,
        credential: str,
        address: str,
        of_credential: int,
        of_address: int,
        now_s: float,
    ) -> None:
        """Let a session begin.

        Args:
            credential: Whose it would be; empty: nobody's.
            address: From where.
            of_credential: How many of that credential's are open.
            of_address: How many from that address are.
            now_s: Any clock that does not go back.

        Raises:
            AccessDeniedError: there are too many.
        """
        limits = self._limits
        most = limits.sessions_per_credential
        if credential and most is not None and of_credential >= most:
            raise AccessDeniedError(
                Denial.SESSIONS_AT_ONCE,
                f"this key has {most} sessions open: end one",
                REFUSED_AGAIN_S,
            )
        counted = limited_as(address)
        most = limits.sessions_per_address
        if counted and of_address >= most:
            raise AccessDeniedError(
                Denial.SESSIONS_AT_ONCE,
                f"{most} sessions are open from your address: end one",
                REFUSED_AGAIN_S,
            )
        if credential and self._by_credential is not None:
            _take(self._by_credential, credential, "with this key", now_s)
        if counted:
            _take(self._by_address, counted, "from your address", now_s)


def _table(per_minute: float) -> BucketTable:
    per_s = per_minute / 60.0
    return BucketTable(Rate(per_s, max(1.0, per_s * BURST_S)))


def _take(table: BucketTable, name: str, whose: str, now_s: float) -> None:
    wait_s = table.take(name, now_s)
    if wait_s:
        raise AccessDeniedError(
            Denial.NEW_SESSIONS, f"too many sessions are begun {whose}: try again later", wait_s
        )
