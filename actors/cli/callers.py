"""`greenroom callers`: what is kept of callers, and how it is erased."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.cli.gateway_database import in_database
from actors.gateway.store.erasing import erase_label, erase_session
from actors.recordings.reader import read_recording
from actors.services.recorder import Recorder, RecorderOptions
from actors.services.recorder.session_files import PLACE, recordings_of
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
    files = list(_recordings(graph, {*names, *([] if session is None else [session])}))
    for path in files:
        path.unlink()
        typer.echo(f"{path} is removed")
    typer.echo(f"{len(names)} sessions and {len(files)} recordings are erased")
    if _shared_recorders(graph):
        typer.echo(
            "recordings of several sessions in one file are left as they are: with {session} in "
            "the recorder's path each session has its own",
            err=True,
        )


def _recordings(graph: Graph, sessions: Collection[str]) -> Iterator[Path]:
    for options in _recorders(graph):
        if PLACE not in options.path:
            continue
        for session in sessions:
            for path in recordings_of(options.path, graph.config.name, session):
                # The name of a file alone may be that of the second file of another session.
                try:
                    whose = read_recording([path], types=()).metadata["session"]
                except GreenroomError as error:
                    typer.echo(f"{path} is left as it is: {error}", err=True)
                    continue
                if whose == session:
                    yield path


def _shared_recorders(graph: Graph) -> bool:
    return any(PLACE not in options.path for options in _recorders(graph))


def _recorders(graph: Graph) -> Iterator[RecorderOptions]:
    for node in graph.nodes.values():
        if issubclass(node.actor_class, Recorder):
            yield RecorderOptions.model_validate(node.config.options)
