"""Where running pipelines are looked for: everywhere on this machine, whoever started them.

A service has another runtime folder than a shell, and so has `sudo`, `cron` or ssh without a
session. The kernel knows the sockets of all.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.bus.endpoint import default_runtime_dir
from pipeline.ports import SUPERVISOR

SOCKETS = Path("/proc/net/unix")
"""All sockets of this machine with their paths; readable by everybody, proc(5)."""
RUNTIME_DIRS = ("/run/user/*/greenroom", "/run/greenroom*/greenroom", "/tmp/greenroom-*")
"""Where pipelines of other users and services are; a container of its own has other sockets."""


class PlaceState(StrEnum):
    """What is known of a folder."""

    RUNNING = "running"
    OVER = "over"
    HIDDEN = "of somebody else"


@dataclass(frozen=True)
class Place:
    """The runtime folder of a pipeline."""

    folder: Path
    state: PlaceState
    is_own: bool
    """A pipeline started from here would be there, or beside it."""

    @property
    def name(self) -> str:
        """Name of the pipeline."""
        return self.folder.name


def places() -> list[Place]:
    """Return the runtime folders of all pipelines that may be running, ours first."""
    own = _in(str(_own()))
    elsewhere = [*(each for pattern in RUNTIME_DIRS for each in _in(pattern)), *_of_sockets()]
    folders = dict.fromkeys([*own, *elsewhere])
    return [Place(folder, state_of(folder), folder in own) for folder in folders]


def looked_in() -> str:
    """Say where `places` looks."""
    return f"{_own()}, {', '.join(RUNTIME_DIRS)}, and the sockets of this machine"


def state_of(folder: Path) -> PlaceState:
    """Find out whether a supervisor holds the folder, without taking it."""
    try:
        opened = os.open(folder / f"{SUPERVISOR}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return PlaceState.HIDDEN
    except OSError:
        return PlaceState.OVER
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return PlaceState.RUNNING
    finally:
        os.close(opened)
    return PlaceState.OVER


def _own() -> Path:
    return default_runtime_dir("x").parent


def _in(pattern: str) -> list[Path]:
    below = Path(pattern).relative_to("/") / "*" / SUPERVISOR
    return [path.parent for path in sorted(Path("/").glob(str(below)))]


def _of_sockets() -> Iterator[Path]:
    try:
        lines = SOCKETS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        path = line.partition("/")[2]
        if path.endswith(f"/{SUPERVISOR}"):
            yield Path(f"/{path}").parent
