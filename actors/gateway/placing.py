"""Places for Live sessions that callers need; without a shared quota, none."""

from __future__ import annotations


class Placing:
    """Asked before a caller is let in, and told when a conversation is over."""

    def check(self) -> None:
        """Look whether there is a place, as far as is known.

        Raises:
            AccessDeniedError: there is none.
        """

    async def reserve(self, conversation: str, *, comes_back: bool = False) -> None:
        """Take a place for a conversation; one that has a place keeps it.

        Args:
            conversation: Its id.
            comes_back: It goes on here, and is never refused.

        Raises:
            AccessDeniedError: there is none, and the caller is to be refused.
        """

    def hold(self, conversation: str) -> None:
        """A conversation is open: its place, if it has one, is kept."""

    def give_back(self, conversation: str) -> None:
        """A conversation is over here."""
