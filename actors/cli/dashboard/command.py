"""`greenroom dashboard`: what it needs before it can begin."""

from __future__ import annotations

import asyncio
import time

from actors.cli.dashboard.server import Dashboard
from actors.cli.watch.board import Board
from actors.cli.watch.listen import listening
from pipeline.cli.running import find_runtime_dir
from pipeline.config.description import read_description

CONSUMER = "dashboard"


def dashboard_command(pipeline: str | None, port: int, session: str | None = None) -> None:
    """Serve the view of a running pipeline, or of one conversation in it, until Control-C.

    Raises:
        GreenroomError: none runs, or the port is taken.
    """
    description = read_description(find_runtime_dir(pipeline))
    board = Board(description, time.monotonic_ns(), session)

    async def serve() -> None:
        async with Dashboard(board, port) as dashboard:
            print(f"{dashboard.url} shows {description.pipeline}; Control-C ends it", flush=True)  # noqa: T201
            with listening(board, CONSUMER):
                await dashboard.refresh()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        return
