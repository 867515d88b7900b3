"""`greenroom callers`: what is kept of callers, and how it is erased."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.cli.gateway_database import in_database
from actors.gateway.store.erasing import erase_label, erase_session
from actors.recordings.erasing import erase_recordings
from actors.services.recorder import Recorder, RecorderOptions
from pipeline.cli.run import load_graph
from pipeline.config.graph import Graph
from pipeline.errors import GreenroomError


def erase_command(
    config: Path, overrides: Sequence[str], session: str | None, label: str | None
) -> None:
    """Erase the sessions of a name, or those with a label, and their recordings.

    Raises:
        GreenroomError: neither or both are named, or the database cannot be used.
    """
    key, is_label, value = (label or "").partition("=")
    if (session is None) == (label is None) or (label is not None and not is_label):
        raise GreenroomError("name one session, or one label as --label NAME=VALUE")

    async def erase(connection: AsyncConnection) -> list[str]:
        if session is not None:
            return await erase_session(connection, session)
        return await erase_label(connection, key, value)

    graph = load_graph(config, overrides, look_outside=False)
    names = in_database(graph, erase, settles=True)
    of_whom = {*names, *([] if session is None else [session])}
    recordings = erase_recordings(_recorders(graph), graph.config.name, of_whom)
    for path in recordings.removed:
        typer.echo(f"{path} is removed")
    for path, why in recordings.left.items():
        typer.echo(f"{path} is left as it is: {why}", err=True)
    typer.echo(f"{len(names)} sessions and {len(recordings.removed)} recordings are erased")
    if recordings.shared:
        typer.echo(
            "recordings of several sessions in one file are left as they are: with {session} in "
            "the recorder's path each session has its own",
            err=True,
        )


def _recorders(graph: Graph) -> Iterator[RecorderOptions]:
    for node in graph.nodes.values():
        if issubclass(node.actor_class, Recorder):
            yield RecorderOptions.model_validate(node.config.options)
