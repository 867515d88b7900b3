"""The connection of a provider, as a call has it."""

from __future__ import annotations

from typing import Protocol

from actors.gateway.events import Message


class Wire(Protocol):
    """The connection of a provider."""

    joined: bool
    """A session is held over it, or was; without one it is closed soon."""

    def send(self, message: Message) -> None:
        """Send a message."""

    def close(self, farewell: str) -> None:
        """End the connection once what waits is sent."""
