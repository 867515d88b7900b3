"""Which conversations a room has lost to another one. Pure."""

from __future__ import annotations

from collections.abc import Mapping

MOVED_CODE = 4409
"""Close code of a connection whose conversation goes on in another room; 409 of HTTP: a conflict.
See CLOSE_CODES_FROM of `access.denial`."""
MOVED = "the conversation goes on over another connection, in another room"


def overtaken(held: Mapping[str, int], rows: Mapping[str, int]) -> set[str]:
    """Return the conversations that another room has taken up: of them this one says no more.

    Args:
        held: Epoch at which this room has each.
        rows: Epoch of each in the database; one that was erased is not there, and goes on.
    """
    return {each for each, epoch in held.items() if rows.get(each, epoch) > epoch}
