"""`greenroom credentials`: the keys with which callers come in to the gateway."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from actors.cli.gateway_database import in_database
from actors.gateway.access.keys import hash_of, make_key
from actors.gateway.access.scopes import USUAL, parsed_scopes
from actors.gateway.options import check_origins
from actors.gateway.store.credentials import (
    Credential,
    add_credential,
    list_credentials,
    revoke_credentials,
)
from actors.gateway.store.database import Work
from actors.gateway.store.times import now
from pipeline.cli.run import load_graph
from pipeline.errors import GreenroomError

ID_BYTES = 4
"""Of what names a credential in lists, labels and logs; the database refuses the same again."""

T = TypeVar("T")


def add_command(
    config: Path,
    overrides: Sequence[str],
    name: str,
    scopes: Sequence[str],
    origins: Sequence[str],
) -> None:
    """Make a key and print it.

    Raises:
        GreenroomError: there is no such scope, or the database cannot be used.
    """
    try:
        check_origins(origins)
    except ValueError as error:
        raise GreenroomError(f"--origin {error}") from None
    key = make_key()
    credential = Credential(
        id=secrets.token_hex(ID_BYTES),
        name=name,
        hash=hash_of(key),
        scopes=parsed_scopes(scopes) if scopes else USUAL,
        origins=tuple(origins),
        created_at=now(),
    )
    _run(config, overrides, lambda connection: add_credential(connection, credential))
    typer.echo(
        f"{credential.id} {name} may {', '.join(credential.scopes)}. Its key is shown this once:",
        err=True,
    )
    typer.echo(key)


def list_command(config: Path, overrides: Sequence[str]) -> None:
    """Print all credentials.

    Raises:
        GreenroomError: the database cannot be used.
    """
    found = _run(config, overrides, list_credentials)
    if not found:
        typer.echo(
            "there is none, so the gateway serves this machine only: "
            "`greenroom credentials add NAME` makes one"
        )
        return
    table = Table("id", "name", "may", "from", "made", "used", "revoked", box=box.SIMPLE_HEAD)
    for each in found:
        table.add_row(
            each.id,
            each.name,
            " ".join(each.scopes),
            " ".join(each.origins),
            *(_day(at) for at in (each.created_at, each.used_at, each.revoked_at)),
        )
    Console().print(table)


def revoke_command(config: Path, overrides: Sequence[str], id_or_name: str) -> None:
    """Take credentials back.

    Raises:
        GreenroomError: there is none that is valid, or the database cannot be used.
    """
    at = now()
    revoked = _run(
        config, overrides, lambda connection: revoke_credentials(connection, id_or_name, at)
    )
    if not revoked:
        raise GreenroomError(
            f"no valid credential {id_or_name!r}: see `greenroom credentials list`"
        )
    for each in revoked:
        typer.echo(f"{each.id} {each.name} is revoked")


def _run(config: Path, overrides: Sequence[str], work: Work[T]) -> T:
    return in_database(load_graph(config, overrides, look_outside=False), work)


def _day(at: datetime | None) -> str:
    return "" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M")
