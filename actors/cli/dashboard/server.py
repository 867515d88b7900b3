"""Serves a page, and over a websocket what is on the board."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from dataclasses import asdict, is_dataclass
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self

from actors.cli.dashboard.admission import is_meant_for_here, name_within
from actors.cli.watch.board import LEVELS_S, REFRESH_S, Board
from actors.cli.watch.rows import (
    actor_rows,
    has_several,
    headline,
    level_rows,
    route_rows,
    session_rows,
    stream_rows,
    turn_rows,
)
from pipeline.errors import GreenroomError
from pipeline.frames.values import json_text
from pipeline.logs import redact

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

HOST = "127.0.0.1"
KEY_BYTES = 16
"""Nobody guesses 128 bits."""
LIVE = "live"
"""Name of the websocket, beside the page."""
PAGES = {
    "": ("page.html", "text/html; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
    "page.mjs": ("page.mjs", "text/javascript; charset=utf-8"),
}
"""By name: file and type."""
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Dashboard:
    """Listens on localhost from `async with` on, and shows the board while `refresh` runs.

    Args:
        board: Somebody else lets it take frames.
        port: 0 is any that is free.

    Raises:
        GreenroomError: on entering, if the port is taken or may not be used.
    """

    def __init__(self, board: Board, port: int) -> None:
        self._board = board
        self._port = port
        self._key = secrets.token_urlsafe(KEY_BYTES)
        self._server: Server | None = None
        self._browsers: set[ServerConnection] = set()
        self._shown: dict[str, Any] = {}
        """Panels by name, as the browsers have them."""

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self._port}/{self._key}/"

    async def __aenter__(self) -> Self:
        from websockets.asyncio.server import serve

        try:
            self._server = await serve(self._show, HOST, self._port, process_request=self._answer)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise GreenroomError(
                f"the dashboard cannot be served on port {self._port} ({why}): choose another "
                "with --port"
            ) from error
        self._port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def refresh(self) -> None:
        """Show what changes, for ever."""
        due_s = 0.0
        while True:
            panels: dict[str, Any] = {"levels": level_rows(self._board)}
            self._board.quieten()
            if time.monotonic() >= due_s:
                due_s = time.monotonic() + REFRESH_S
                self._board.read(time.monotonic_ns())
                panels |= panels_of(self._board)
            changed = {k: v for k, v in panels.items() if self._shown.get(k) != v}
            self._shown |= changed
            self._send(self._browsers, changed)
            await asyncio.sleep(LEVELS_S)

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        headers = request.headers
        if not is_meant_for_here(headers.get_all("Host"), headers.get_all("Origin")):
            return connection.respond(HTTPStatus.FORBIDDEN, f"only for pages of {HOST}\n")
        name = name_within(request.path, self._key)
        if name == LIVE:
            return None
        if name not in PAGES or request.method != "GET":
            told = "open the address that `greenroom dashboard` wrote\n"
            return connection.respond(HTTPStatus.NOT_FOUND, told)
        file, content_type = PAGES[name]
        response = connection.respond(HTTPStatus.OK, "")
        response.body = files(__package__).joinpath(file).read_bytes()
        del response.headers["Content-Type"], response.headers["Content-Length"]
        fields = {
            "Content-Type": content_type,
            "Content-Length": str(len(response.body)),
            "Content-Security-Policy": _policy(headers["Host"]),
            **HEADERS,
        }
        response.headers.update(fields)
        return response

    async def _show(self, connection: ServerConnection) -> None:
        self._send({connection}, self._shown)
        self._browsers.add(connection)
        try:
            await connection.wait_closed()
        finally:
            self._browsers.discard(connection)

    @staticmethod
    def _send(browsers: set[ServerConnection], panels: dict[str, Any]) -> None:
        from websockets.asyncio.server import broadcast

        if browsers and panels:
            # To one that reads no more it is written until its keepalive fails, after 40 s.
            broadcast(browsers, as_json(panels))


def panels_of(board: Board) -> dict[str, Any]:
    """Return all but the levels, by the name that the page has for them."""
    return {
        "pipeline": board.description.pipeline,
        "headline": headline(board),
        "actors": actor_rows(board),
        "streams": stream_rows(board),
        "routes": route_rows(board),
        "turns": turn_rows(board),
        "words": list(board.lines),
        "sessions": session_rows(board) if has_several(board) else [],
    }


def as_json(panels: Any) -> str:
    """Return panels as the page takes them, without secrets."""
    return redact(json_text(panels, default=_plain))


def _plain(value: Any) -> Any:
    assert is_dataclass(value)
    assert not isinstance(value, type)
    return asdict(value)


def _policy(host: str) -> str:
    """Nothing but these files, and nobody shows them in a frame: of what is said nothing runs."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src ws://{host}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
