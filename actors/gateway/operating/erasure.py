"""What is kept of callers, erased on request of the operator."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.callers import Callers
from actors.gateway.errors import RefusedError
from actors.gateway.operating.session_board import SessionBoard
from actors.gateway.store.database import Database
from actors.gateway.store.erasing import erase_label, erase_session
from actors.gateway.store.errors import DatabaseAwayError
from pipeline.logs import Logger


class Erasure:
    """Erases what `greenroom callers erase` does, and what the gateway itself remembers.

    Args:
        database: Where sessions are kept.
        callers: Those who are here.
        board: What the operator sees.
        runtime_dir: Of the pipeline: says which recorders it has.
        log: Of the gateway.
    """

    def __init__(
        self,
        database: Database,
        callers: Callers,
        board: SessionBoard,
        runtime_dir: Path,
        log: Logger,
    ) -> None:
        self._database = database
        self._callers = callers
        self._board = board
        self._runtime_dir = runtime_dir
        self._log = log

    async def session(self, name: str) -> dict[str, Any]:
        """Erase all sessions of a name; return how many, and what is left.

        Raises:
            RefusedError: the database does not answer now; nothing was erased.
        """
        return await self._erase(lambda c: erase_session(c, name), {name})

    async def label(self, key: str, value: str) -> dict[str, Any]:
        """Erase all sessions with a label, as `session` does."""
        return await self._erase(lambda c: erase_label(c, key, value), self._board.of(key, value))

    async def _erase(
        self, erase: Callable[[AsyncConnection], Awaitable[list[str]]], also: Collection[str]
    ) -> dict[str, Any]:
        try:
            names = await self._database.run(erase)
            await self._database.settle()
        except DatabaseAwayError as error:
            raise RefusedError(str(error)) from error
        of_whom = {*names, *also}
        self._board.forget(of_whom)
        self._callers.past.forget(of_whom)
        recordings = await asyncio.to_thread(self._erase_recordings, of_whom)
        self._log.info(
            "sessions were erased on request",
            sessions=len(names),
            recordings=recordings["recordings"],
        )
        still_open = sorted(name for name in of_whom if self._callers.find(name) is not None)
        return {"success": True, "sessions": len(names), **recordings, "open": still_open}

    def _erase_recordings(self, sessions: Collection[str]) -> dict[str, Any]:
        # Not loaded before somebody erases.
        from actors.recordings.erasing import ErasedRecordings, erase_recordings, recorders_of
        from pipeline.config.description import FILE, read_description

        erased = ErasedRecordings()
        # A gateway by itself has no recorder beside it.
        if Path(self._runtime_dir, FILE).exists():
            description = read_description(self._runtime_dir)
            recorders = recorders_of(description)
            erased = erase_recordings(recorders, description.pipeline, sessions)
        return {
            "recordings": len(erased.removed),
            "recordings_left": {str(path): why for path, why in erased.left.items()},
            "recordings_shared": erased.shared,
        }
