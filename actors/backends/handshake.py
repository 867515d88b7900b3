"""A request that is given up in its TLS handshake: httpcore leaves the socket open, for good."""

from __future__ import annotations

from typing import Any


async def watch_handshake(request: Any) -> None:
    """Have the socket closed; an event hook of httpx for requests."""
    request.extensions["trace"] = _Handshake().trace


class _Handshake:
    """What httpcore's `trace` extension tells of one request."""

    def __init__(self) -> None:
        self._socket: Any = None

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Take an event, named after who makes the connection: itself, or by a proxy."""
        match event.partition(".")[2]:
            case "connect_tcp.complete":
                self._socket = info["return_value"]
            case "start_tls.failed" if self._socket is not None:
                await self._socket.aclose()
