"""The HTTP call that opens and closes the gate: `POST /listen` with a few words of JSON.

On a socket in the runtime folder, which is the owner's alone, and on a port of this host if one is
named. Pages in a browser on this host cannot call it: what names an `Origin`, or another host, is
refused.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from pipeline.errors import ConfigError, GreenroomError
from pipeline.frames import ListenCommand

HOST = "127.0.0.1"
SOCKET = "wake.http"
"""In the runtime folder."""
MOST_BYTES = 16_384
"""Of a request, which has a hundred."""
PATIENCE_S = 10.0
"""For a request that has begun."""
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]", "wake")


class DoorReply(NamedTuple):
    """What a call is answered."""

    status: HTTPStatus
    body: dict[str, Any]


def command_of(body: bytes) -> ListenCommand:
    """Return what a call asks for.

    Raises:
        GreenroomError: that is nothing that can be asked for.
    """
    try:
        fields = json.loads(body or b"null")
        if not isinstance(fields, dict):
            raise GreenroomError('write {"mode": ...} or {"action": ...}')
        known = {name: fields[name] for name in ("mode", "action") if name in fields}
        if unknown := sorted(fields.keys() - known.keys()):
            raise GreenroomError(f"there is no {unknown[0]!r}: write mode, action, or both")
        return ListenCommand(**known, by="a call")
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise GreenroomError(f"{where}: {problem['msg']}" if where else problem["msg"]) from error
    except ValueError as error:
        raise GreenroomError(f"that is no JSON: {error}") from error


class ListenDoor:
    """Answers calls, on a socket of the runtime folder and perhaps on a port."""

    def __init__(
        self, obey: Callable[[ListenCommand], None], status: Callable[[], dict[str, Any]]
    ) -> None:
        """Make a closed one.

        Args:
            obey: Does what a call asks for; raises `GreenroomError` if it cannot.
            status: Says how things stand.
        """
        self._obey = obey
        self._status = status
        self._servers: list[asyncio.Server] = []
        self._calls: set[asyncio.Task[None]] = set()

    async def open(self, folder: Path, listening: int | None) -> None:
        """Answer from now on.

        Args:
            folder: The runtime folder.
            listening: Descriptor of a socket that listens on a port; None: none does.

        Raises:
            ConfigError: the socket cannot be made.
        """
        path = folder / SOCKET
        path.unlink(missing_ok=True)
        try:
            self._servers.append(await asyncio.start_unix_server(self._call, path))
        except OSError as error:
            raise ConfigError(f"wake: no calls on {path}: {error.strerror}") from error
        if listening is not None:
            bound = socket.socket(fileno=socket.dup(listening))
            self._servers.append(await asyncio.start_server(self._call, sock=bound))

    async def close(self) -> None:
        """Answer no more."""
        for server in self._servers:
            server.close()
        for call in list(self._calls):
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._calls.add(task)
        try:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    reply = await self._answer(reader)
                    writer.write(_written(reply))
                    await writer.drain()
        except asyncio.CancelledError:
            pass
        finally:
            self._calls.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> DoorReply:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ", 2)
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:])
            }
            size = int(headers.get("content-length", 0))
            if not 0 <= size <= MOST_BYTES:
                return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "that is too long")
            body = await reader.readexactly(size)
        except (ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return _refusal(HTTPStatus.BAD_REQUEST, "that is no HTTP request")
        if path.partition("?")[0] != "/listen":
            return _refusal(HTTPStatus.NOT_FOUND, "there is only /listen")
        if method not in ("GET", "POST"):
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "GET or POST")
        if not _is_from_here(headers):
            return _refusal(HTTPStatus.FORBIDDEN, "pages in a browser may not call this")
        if method == "POST":
            try:
                self._obey(command_of(body))
            except GreenroomError as error:
                return _refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        return DoorReply(HTTPStatus.OK, self._status())


def _is_from_here(headers: Mapping[str, str]) -> bool:
    host = headers.get("host", "localhost")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return "origin" not in headers and name.lower() in LOCAL_NAMES


def _refusal(status: HTTPStatus, why: str) -> DoorReply:
    return DoorReply(status, {"error": why})


def _written(reply: DoorReply) -> bytes:
    body = json.dumps(reply.body).encode() + b"\n"
    head = (
        f"HTTP/1.1 {reply.status.value} {reply.status.phrase}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
