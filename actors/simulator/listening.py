"""The listening socket, which a scenario may shut or fit with a wrong certificate."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from pipeline.errors import EndpointBusyError

# Enough for a hundred clients that connect in the same moment.
BACKLOG = 256

Serve = Callable[[socket.socket, bool], Coroutine[Any, Any, None]]
Spawn = Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]


class ListeningSocket:
    """Accepts connections; while it is shut the port stays reserved and refuses."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None
        self._accepting = False
        self._timers: list[asyncio.TimerHandle] = []
        self._trusted = True
        self._serve: Serve | None = None
        self._spawn: Spawn | None = None

    @property
    def port(self) -> int:
        """The port, also if a free one was asked for."""
        return self._port

    def start(self, serve: Serve, spawn: Spawn) -> None:
        """Listens; `serve` gets each socket and whether its certificate is to be trusted."""
        self._serve, self._spawn = serve, spawn
        self._bind()
        self._listen()

    def stop(self) -> None:
        """Stops listening and gives the port back."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._socket is not None:
            self._stop_accepting(self._socket)
            self._socket.close()
            self._socket = None

    def refuse_tcp(self, for_s: float) -> None:
        """Stops listening for a while; open connections stay."""
        if self._accepting:
            self._bind()
        self._timers.append(asyncio.get_running_loop().call_later(for_s, self._listen))

    def wrong_certificate(self, for_s: float) -> None:
        """Offers new connections a certificate nobody trusts for a while."""
        self._trusted = False
        self._timers.append(asyncio.get_running_loop().call_later(for_s, self._trust))

    def _trust(self) -> None:
        self._trusted = True

    def _bind(self) -> None:
        if self._socket is not None:
            self._stop_accepting(self._socket)
            self._socket.close()
        # asyncio switches Nagle off only for sockets that name their protocol; accepted ones
        # inherit it from here.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise EndpointBusyError(
                f"cannot listen on {self._host}:{self._port}: {error.strerror}; "
                "choose another port, or 0 for a free one"
            ) from error
        self._port = listener.getsockname()[1]
        self._socket = listener

    def _listen(self) -> None:
        if self._socket is None or self._accepting:
            return
        self._socket.listen(BACKLOG)
        # `sock_accept` loses a connection that comes while it is cancelled.
        asyncio.get_running_loop().add_reader(self._socket, self._accept, self._socket)
        self._accepting = True

    def _stop_accepting(self, listener: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(listener)
        self._accepting = False

    def _accept(self, listener: socket.socket) -> None:
        assert self._serve is not None
        assert self._spawn is not None
        # Whoever has gone again since is not missed.
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            accepted, _ = listener.accept()
            accepted.setblocking(False)
            serving = self._spawn(self._serve(accepted, self._trusted))
            serving.add_done_callback(partial(_close_if_cancelled, accepted))


def _close_if_cancelled(accepted: socket.socket, serving: asyncio.Task[Any]) -> None:
    """A task that was cancelled before its first step has closed nothing."""
    if serving.cancelled():
        accepted.close()
