"""Calls that somebody announced: exchanges whose media socket brings nothing but a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.phone.context import CallDirection

LASTS_S = 120.0
"""From the announcement to the socket: a dialplan does the one right after the other."""
MOST = 10_000
"""Announced at once; 4 MB."""


@dataclass(frozen=True)
class ExpectedCall:
    """What was said of a call before it came.

    Attributes:
        business: For whom it is.
        caller: Number or address of who calls.
        called: Of who is called.
        direction: Who called whom; None if it was not said.
        parameters: What else was said.
    """

    business: str = ""
    caller: str = ""
    called: str = ""
    direction: CallDirection | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


class ExpectedCalls:
    """Keeps what was said until the call comes.

    Args:
        clock: Seconds that do not go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._table: dict[str, tuple[float, ExpectedCall]] = {}

    def add(self, call_id: str, expected: ExpectedCall, lasts_s: float = LASTS_S) -> None:
        """Announce a call; what was said of the same before is forgotten.

        Raises:
            AccessDeniedError: too many are announced.
        """
        now_s = self._clock()
        self._table = {name: each for name, each in self._table.items() if each[0] > now_s}
        if len(self._table) >= MOST and call_id.lower() not in self._table:
            raise AccessDeniedError(
                Denial.NEW_SESSIONS, "too many calls are announced: try again later", LASTS_S
            )
        self._table[call_id.lower()] = (now_s + lasts_s, expected)

    def take(self, call_id: str) -> ExpectedCall | None:
        """Return what was said of a call, once; None if nothing was, or too long ago."""
        until_s, expected = self._table.pop(call_id.lower(), (0.0, None))
        return expected if until_s > self._clock() else None
