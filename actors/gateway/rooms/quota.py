"""Whether a caller who comes gets a place for a Live session. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from actors.backends.gemini.cool_downs import CoolDown
from actors.backends.gemini.places import ProjectLimit
from pipeline.frames import FaultClass


class WhenFull(StrEnum):
    """What becomes of who comes when no project has a place."""

    REFUSE = "refuse"
    ANSWER = "answer"


def with_room(
    projects: Sequence[ProjectLimit], resting: Collection[CoolDown]
) -> list[ProjectLimit]:
    """Return the projects in which a place may be taken: those the service has not called full."""
    full = {
        each.project for each in resting if each.fault is FaultClass.CONCURRENCY and not each.key
    }
    return [each for each in projects if each.name not in full]


def are_full(
    projects: Sequence[ProjectLimit], taken: Mapping[str, int], resting: Collection[CoolDown]
) -> bool:
    """Return whether there are projects, and none has a place."""
    return bool(projects) and all(
        each.sessions is not None and taken.get(each.name, 0) >= each.sessions
        for each in with_room(projects, resting)
    )
