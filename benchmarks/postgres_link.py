"""A way to PostgreSQL that can be cut: its socket in another folder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

SOCKET = ".s.PGSQL.5432"
PIECE_BYTES = 65_536
START_S = 5


class PostgresLink:
    """Hands bytes on, in a thread of its own.

    Args:
        real: Folder of the server's socket.
        folder: Where clients find the link's.
    """

    def __init__(self, real: Path, folder: Path) -> None:
        self._real = real / SOCKET
        self._socket = folder / SOCKET
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._over = asyncio.Event()
        self._thread.start()
        assert self._up.wait(START_S)

    def cut(self) -> None:
        """Let nothing through, and break what there is."""
        self._loop.call_soon_threadsafe(self._break)

    def mend(self) -> None:
        """Let clients through again."""
        self._is_cut = False

    def close(self) -> None:
        """End it."""
        self.cut()
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    def _break(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self) -> None:
        server = await asyncio.start_unix_server(self._take, self._socket)
        self._up.set()
        await self._over.wait()
        server.close()
        under_way = asyncio.all_tasks() - {cast(asyncio.Task[None], asyncio.current_task())}
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        behind, ahead = await asyncio.open_unix_connection(self._real)
        both = {writer, ahead}
        self._writers |= both
        try:
            await asyncio.gather(_copy(reader, ahead), _copy(behind, writer))
        finally:
            self._writers -= both


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
    writer.close()


@contextmanager
def postgres_link(real: Path, folder: Path) -> Iterator[PostgresLink]:
    """Make a link, and end it."""
    link = PostgresLink(real, folder)
    try:
        yield link
    finally:
        link.close()
