"""The option `database` of actors that share something with those of other pipelines.

Imports the database's libraries only where the option names one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from actors.lib.this_pipeline import pipeline_id
from pipeline.surroundings import Surroundings

if TYPE_CHECKING:
    from actors.gateway.store.database import Database


def check_database(option: str, config_dir: Path) -> None:
    """Look whether the option can be used.

    Raises:
        DatabaseUrlError: it is no URL of a database that is known, or its driver is missing.
    """
    if option:
        from actors.gateway.store.url import database_url

        database_url(option, config_dir)


def open_database(option: str, around: Surroundings) -> tuple[Database, str] | None:
    """Return the database that the option names, and what this pipeline is called in it.

    Nothing is asked of it yet. None: nothing is shared.

    Raises:
        DatabaseUrlError: as `check_database`.
    """
    if not option:
        return None
    from actors.gateway.store.database import Database
    from actors.gateway.store.url import database_url

    return Database(database_url(option, around.state_dir)), pipeline_id(around.state_dir)
