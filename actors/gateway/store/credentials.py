"""Credentials in the database: who may come in. Their keys are not: only their hashes are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.gateway.store.tables import credentials


@dataclass(frozen=True)
class Credential:
    """One who may come in.

    Attributes:
        id: Unique; 32 characters at most.
        name: For the operator; not unique.
        hash: SHA-256 of the key, in hexadecimal.
        scopes: What it may do.
        origins: Web sites from which browsers may use it; none: no rule of its own.
        created_at: When it was made.
        revoked_at: When it was taken back; None: it is valid.
        used_at: When it was last used, about.
    """

    id: str
    name: str
    hash: str
    scopes: tuple[str, ...]
    origins: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None = None
    used_at: datetime | None = None


async def add_credential(connection: AsyncConnection, credential: Credential) -> None:
    """Keep a new credential.

    Raises:
        IntegrityError: one of this id or hash is there already.
    """
    values = vars(credential) | {
        "scopes": list(credential.scopes),
        "origins": list(credential.origins),
    }
    await connection.execute(insert(credentials).values(values))


async def list_credentials(connection: AsyncConnection) -> list[Credential]:
    """Return all credentials, revoked ones too, oldest first."""
    found = await connection.execute(
        select(credentials).order_by(credentials.c.created_at, credentials.c.id)
    )
    return [_credential(row) for row in found]


async def revoke_credentials(
    connection: AsyncConnection, id_or_name: str, at: datetime
) -> list[Credential]:
    """Take credentials back, by id, or all that are valid by name; return them."""
    asked = or_(credentials.c.id == id_or_name, credentials.c.name == id_or_name)
    done = await connection.execute(
        update(credentials)
        .where(asked, credentials.c.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(credentials)
    )
    return [_credential(row) for row in done]


async def note_use(connection: AsyncConnection, credential_id: str, at: datetime) -> None:
    """Note that a credential was used; not for each use: say, once a minute."""
    await connection.execute(
        update(credentials).where(credentials.c.id == credential_id).values(used_at=at)
    )


def _credential(row: Row[Any]) -> Credential:
    values = dict(row._mapping)
    scopes, origins = tuple(values.pop("scopes")), tuple(values.pop("origins"))
    return Credential(scopes=scopes, origins=origins, **values)
