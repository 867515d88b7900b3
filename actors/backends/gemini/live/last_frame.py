"""The last frame that came, as it came: google-genai drops what it does not understand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection


class LastFrame:
    """Stands in for the socket of a session, and keeps what `recv` returned last.

    google-genai raises TypeError on `{"error": ...}` as on a frame with nothing but new fields,
    and says in neither case what was in it.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._raw: str | bytes = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    async def recv(self, *arguments: Any, **options: Any) -> str | bytes:
        """Receive as the socket does, and keep it."""
        self._raw = await self._socket.recv(*arguments, **options)
        return self._raw

    def parsed(self) -> dict[str, Any] | None:
        """Return the JSON object that came last; None: it is none."""
        try:
            content = json.loads(self._raw)
        except ValueError:
            return None
        return content if isinstance(content, dict) else None
