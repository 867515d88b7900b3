"""Places for Live sessions: which session has one in which project, and who waits for one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ProjectLimit:
    """A project, and how many sessions it may have open at once; None: any number."""

    name: str
    sessions: int | None = None


def next_project(
    wanted: Sequence[ProjectLimit], taken: Mapping[str, int], held: str | None
) -> str | None:
    """Return the project in which a session is to have its place; None: there is none for it.

    Args:
        wanted: Those that will do, in their order.
        taken: Places of other sessions, by project.
        held: Where it has its place already: there it stays.
    """
    if any(each.name == held for each in wanted):
        return held
    free = (
        each.name
        for each in wanted
        if each.sessions is None or taken.get(each.name, 0) < each.sessions
    )
    return next(free, None)


class Places:
    """A session has at most one place, and keeps it until it ends or moves.

    Args:
        limits: Sessions that each project may have open at once; None: any number.
        before: Places that sessions have already; those in other projects are lost.
    """

    def __init__(self, limits: Mapping[str, int | None], before: Places | None = None) -> None:
        self._limits = dict(limits)
        held = {} if before is None else before.held()
        self._held = {each: where for each, where in held.items() if where in limits}
        self.others: Mapping[str, int] = {}
        """Places that other pipelines have, by project, as far as that is known."""

    def __str__(self) -> str:
        """How many are taken, in words."""
        taken = [
            f"{self.taken(project) + self.others.get(project, 0)} of {limit}"
            + (f" in {project}" if project else "")
            for project, limit in self._limits.items()
            if limit is not None
        ]
        return ", ".join(taken) or "the service takes no more"

    def of(self, session: str) -> str | None:
        """Return the project in which a session has its place; None: it has none."""
        return self._held.get(session)

    def taken(self, project: str) -> int:
        """Return how many are taken here."""
        return sum(held == project for held in self._held.values())

    def has_room(self, project: str, session: str) -> bool:
        """Whether a session may be connected there: it has its place there, or one is free."""
        if self._held.get(session) == project:
            return True
        limit = self._limits.get(project)
        return limit is None or self.taken(project) + self.others.get(project, 0) < limit

    def take(self, project: str, session: str) -> None:
        """Give a session its place there; the one it had elsewhere is free."""
        self._held[session] = project

    def held(self) -> dict[str, str]:
        """Return the project of each session that has a place."""
        return dict(self._held)

    def give_back(self, session: str) -> str | None:
        """Free the place of a session; return the project whose it was."""
        return self._held.pop(session, None)
