"""Uvicorn's HTTP, which also lets go of who connects and asks nothing."""

from __future__ import annotations

from asyncio import Transport
from collections import Counter
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from actors.gateway.access.addresses import Network, is_in, limited_as
from actors.gateway.access.denial import CONNECT_AGAIN_S, AccessDeniedError, Denial
from actors.gateway.access.limit_options import LimitOptions
from actors.gateway.access.refusal import response_to

PROTOCOL: Any = AutoHTTPProtocol


def request_protocol(
    limits: LimitOptions, trusted: Sequence[Network], on_denied: Callable[[Denial], None]
) -> Any:
    """Return the class of connections, for uvicorn, which makes them itself.

    Args:
        limits: How many there may be, and how long the head of a request may take.
        trusted: Proxies: their connections are not counted by address.
        on_denied: Counts those that are refused.
    """
    by_address: Counter[str] = Counter()

    class CallerRequests(PROTOCOL):  # type: ignore[misc]
        """A connection, until it becomes a WebSocket."""

        _address = ""
        _timer: Any = None

        def connection_made(self, transport: Transport) -> None:
            """Serve who connects, if there is room."""
            super().connection_made(transport)
            peer = self.client[0] if self.client else ""
            self._address = "" if is_in(peer, trusted) else limited_as(peer)
            if self._address:
                by_address[self._address] += 1
            if len(self.connections) > limits.connections:
                self._refuse(Denial.BUSY, "too many are connected: try again later")
            elif by_address[self._address] > limits.connections_per_address and self._address:
                self._refuse(Denial.CONNECTIONS, "too many connections from your address")
            else:
                self._watch()

        def data_received(self, data: bytes) -> None:
            """Take what comes; the next request has its time too."""
            if self._is_waiting() and self._timer is None:
                self._watch()
            super().data_received(data)
            if self.transport.get_protocol() is not self:
                # It is a WebSocket now, counted where the address behind a proxy is known.
                self._leave()
            elif not self._is_waiting():
                self._stop_watching()

        def connection_lost(self, exc: Exception | None) -> None:
            """Forget who is gone."""
            self._leave()
            super().connection_lost(exc)

        def _leave(self) -> None:
            self._stop_watching()
            if self._address:
                by_address[self._address] -= 1
                if not by_address[self._address]:
                    del by_address[self._address]
                self._address = ""

        def _watch(self) -> None:
            self._timer = self.loop.call_later(limits.head_s, self._give_up)

        def _stop_watching(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _is_waiting(self) -> bool:
            """For the head of a request."""
            return self.cycle is None or self.cycle.response_complete

        def _give_up(self) -> None:
            self._timer = None
            if self._is_waiting():
                self._refuse(
                    Denial.SLOW, f"the head of a request did not come for {limits.head_s:g} s"
                )

        def _refuse(self, denial: Denial, why: str) -> None:
            if self.transport.is_closing():
                return
            on_denied(denial)
            self.transport.write(_answer(AccessDeniedError(denial, why, CONNECT_AGAIN_S)))
            self.transport.close()

    return CallerRequests


def _answer(error: AccessDeniedError) -> bytes:
    """Return a whole response, of which the rest of the server knows nothing."""
    response = response_to(error, gemini=False)
    response.headers["Connection"] = "close"
    fields = [name + b": " + text for name, text in response.raw_headers]
    line = f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}".encode()
    return b"\r\n".join([line, *fields, b"", bytes(response.body)])
