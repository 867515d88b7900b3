"""`greenroom rooms`: which rooms share a database, and how one is emptied."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from actors.cli.gateway_database import in_database
from actors.gateway.rooms.lease import RENEW_S
from actors.gateway.store.quota_seen import quota_seen
from actors.gateway.store.room_rows import known_rooms, set_draining
from actors.gateway.store.times import now
from pipeline.cli.run import load_graph
from pipeline.config.graph import Graph
from pipeline.errors import GreenroomError

COLUMNS = ("name", "state", "taken", "places", "address", "version")


def list_command(config: Path, overrides: Sequence[str]) -> None:
    """Show the rooms, a line each.

    Raises:
        GreenroomError: the database cannot be used.
    """
    graph = _graph(config, overrides)
    rows = [COLUMNS, *(_cells(each) for each in _rooms(graph))]
    if len(rows) == 1:
        typer.echo("no room has a name: set options.room of the gateway")
        return
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
    show_quota(graph)


def show_quota(graph: Graph) -> None:
    """Print what the rooms of a database share of the quotas of Gemini: nothing, if they do not."""
    for line in in_database(graph, lambda c: quota_seen(c, now())).lines():
        typer.echo(line)


def drain_command(
    config: Path, overrides: Sequence[str], room: str, *, draining: bool, wait_s: float | None
) -> None:
    """Have a room emptied, or opened again.

    Args:
        config: Path of the config.
        overrides: As `--set` gives them.
        room: Its name.
        draining: It is to be empty.
        wait_s: Return only when it is, at most so long; None: at once.

    Raises:
        GreenroomError: there is no such room, it is not empty in time, or the database cannot be
            used.
    """
    graph = _graph(config, overrides)
    if not in_database(graph, lambda c: set_draining(c, room, draining=draining)):
        names = ", ".join(each["name"] for each in _rooms(graph)) or "none"
        raise GreenroomError(f"there is no room {room!r}; there are: {names}")
    typer.echo(f"{room} {'takes nobody new' if draining else 'is open'}")
    if wait_s is None:
        return
    late_s = time.monotonic() + wait_s
    while left := _taken(graph, room):
        if time.monotonic() > late_s:
            raise GreenroomError(f"{room} still has {left} callers")
        # Rooms say as often how many they have.
        time.sleep(RENEW_S)
    typer.echo(f"{room} is empty")


def _graph(config: Path, overrides: Sequence[str]) -> Graph:
    return load_graph(config, overrides, look_outside=False)


def _rooms(graph: Graph) -> list[dict[str, Any]]:
    return in_database(graph, lambda c: known_rooms(c, now()))


def _taken(graph: Graph, room: str) -> int:
    """Return how many callers a room has; one that is gone has none."""
    return sum(
        each["taken"] for each in _rooms(graph) if each["name"] == room and each["state"] != "gone"
    )


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in COLUMNS)
