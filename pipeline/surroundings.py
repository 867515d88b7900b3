"""Surroundings of an actor: its name, its folders, what it is connected to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Surroundings:
    """What an actor is told about where it runs.

    Attributes:
        name: The actor's name in the config.
        session: The conversation it serves unless frames say otherwise.
        language: What is spoken in that conversation, as in `SessionOpened`; None: not said.
        runtime_dir: Private folder of the running pipeline: sockets, addresses.
        config_dir: Folder of the config file; relative paths in options start here.
        state_dir: Folder that outlives the pipeline: handles, counts.
        started_ns: Monotonic time at which the pipeline started; position 0 of every microphone.
        callers_only: Nobody is where the pipeline runs; `session` is there, and nobody's.
        connected: Input ports that the config connects.
        unheard: Output ports that it connects to no actor; a tap may listen all the same.
        checkpoint: What the actor's previous process last saved; empty at the first start.
        slowness: How many times longer than usual a start takes on this machine; at least 1.
        listening: Descriptors of the sockets for its `listens_on`, in that order.
    """

    name: str
    runtime_dir: Path
    config_dir: Path
    state_dir: Path
    started_ns: int
    session: str = "local"
    language: str | None = None
    callers_only: bool = False
    connected: frozenset[str] = frozenset()
    unheard: frozenset[str] = frozenset()
    checkpoint: Mapping[str, Any] = field(default_factory=dict)
    slowness: float = 1.0
    listening: Sequence[int] = ()
