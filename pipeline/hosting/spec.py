"""Actor specification: what the supervisor tells a process about its actor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from pipeline.priority import Priority


class InputConnection(BaseModel):
    """One stream into one input port."""

    model_config = ConfigDict(frozen=True)

    input_port: str
    producer: str
    producer_port: str
    address: str
    answers_replay: bool = True
    awaited: bool = True
    """Not ready before it is connected."""
    public_key: str | None = None


class ActorSpec(BaseModel):
    """Everything an actor's process needs to know."""

    model_config = ConfigDict(frozen=True)

    name: str
    use: str
    options: dict[str, Any]
    address: str
    connections: list[InputConnection]
    expected: dict[str, list[str]]
    unheard: frozenset[str] = frozenset()
    session: str
    language: str | None = None
    runtime_dir: Path
    config_dir: Path
    state_dir: Path
    started_ns: int
    callers_only: bool = False
    checkpoint: dict[str, Any]
    keys_dir: Path | None = None
    log_level: str = "info"
    priority: Priority = Priority.NORMAL
    heartbeat_s: float
    idle_heartbeat_s: float = 1.0
    stop_deadline_s: float = 3.0
    slowness: float = 1.0
    """How many times longer than usual a start takes here."""
    model_slowness: float = 1.0
    """How many times longer models take here."""
