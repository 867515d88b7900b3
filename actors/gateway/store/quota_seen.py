"""The quotas that pipelines share, as an operator sees them: places taken, and what rests."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.backends.gemini.cool_downs import CoolDown
from actors.backends.gemini.places import ProjectLimit
from actors.gateway.store.quota_rows import resting, taken
from actors.gateway.store.tables import quota_projects, rooms


@dataclass(frozen=True)
class ProjectSeen:
    """A project of the service.

    Attributes:
        name: As the configs have it.
        live_sessions: Places that it has; None: no limit is known.
        taken: Those that are taken, in all rooms.
    """

    name: str
    live_sessions: int | None
    taken: int


@dataclass(frozen=True)
class RestSeen:
    """Something that all rooms leave alone.

    Attributes:
        project: Of which.
        key: Digest of the key; empty: all of the project.
        model: For which; empty: for all.
        fault: Why: `quota`, `concurrency`, `auth`, ...
        left_s: For how long yet.
    """

    project: str
    key: str
    model: str
    fault: str
    left_s: float


@dataclass(frozen=True)
class QuotaSeen:
    """All of it.

    Attributes:
        projects: In the order in which they are asked; none: nothing is shared.
        resting: What rests, by project.
    """

    projects: Sequence[ProjectSeen] = ()
    resting: Sequence[RestSeen] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """Yield it in words, a line for each project and each rest."""
        for each in self.projects:
            of = "" if each.live_sessions is None else f" of {each.live_sessions}"
            yield f"project {each.name}: {each.taken}{of} Live sessions"
        for rest in self.resting:
            what = f"key {rest.key}" if rest.key else "all of it"
            model = f" for {rest.model}" if rest.model else ""
            yield f"project {rest.project} rests ({what}{model}): {rest.fault}, {rest.left_s:.0f} s"


def quota_of(
    projects: Sequence[ProjectLimit], counts: dict[str, int], rests: Sequence[CoolDown]
) -> QuotaSeen:
    """Return what is seen of what the tables have now."""
    now_s = time.monotonic()
    return QuotaSeen(
        [ProjectSeen(each.name, each.sessions, counts.get(each.name, 0)) for each in projects],
        [
            RestSeen(rest.project, rest.key, rest.model, rest.fault.value, rest.until_s - now_s)
            for rest in sorted(rests, key=lambda rest: (rest.project, rest.key, rest.model))
        ],
    )


async def quota_seen(connection: AsyncConnection, now: datetime) -> QuotaSeen:
    """Return what the database knows of the pipelines of all rooms that are there, together.

    Where two disagree how many places a project has, the greater number is shown.
    """
    is_there = exists().where(
        rooms.c.lease_until > now, rooms.c.holder.startswith(quota_projects.c.holder + ":")
    )
    found = await connection.execute(
        select(quota_projects.c.name, func.max(quota_projects.c.live_sessions))
        .where(is_there)
        .group_by(quota_projects.c.name)
        .order_by(func.min(quota_projects.c.position), quota_projects.c.name)
    )
    projects = [ProjectLimit(row[0], row[1]) for row in found]
    return quota_of(projects, await taken(connection, now), await resting(connection, now))
