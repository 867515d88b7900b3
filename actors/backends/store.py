"""Where backends keep what must outlive their process: one file an actor, rows a session."""

from __future__ import annotations

from pipeline.actor import Surroundings
from pipeline.logs import Logger
from pipeline.store import Store

TURNS = "turns"
"""Key of the row that says which turns are begun, answered and over."""
HISTORY = "history"
"""Key of the row of what was said, as `History.to_json` gives it."""


def open_store(surroundings: Surroundings, log: Logger) -> Store:
    """Return the store of a backend; the actor closes it in `stop`."""
    path = surroundings.state_dir / f"{surroundings.name}.sqlite3"
    return Store(path, surroundings.started_ns, log)
