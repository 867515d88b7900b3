"""How the actors are, who answers, and what went wrong."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from pipeline.frames.base import Frame
from pipeline.frames.budget import Spending


class ActorState(StrEnum):
    """What an actor says of itself."""

    STARTING = "starting"
    CONNECTING = "connecting"
    READY = "ready"
    DEGRADED = "degraded"
    FINISHED = "finished"
    STOPPING = "stopping"


class Health(Frame):
    """Heartbeat from an actor's main loop."""

    type_name: ClassVar[str] = "health"

    actor: str = Field(description="Who.")
    pid: int = Field(description="Its process.")
    state: ActorState = Field(description="What it says of itself.")
    detail: str = Field("", description="Why, in words.")
    counters: dict[str, int] = Field(default_factory=dict, description="Counts since its start.")
    gauges: dict[str, float] = Field(default_factory=dict, description="Newest measurements.")
    checkpoint: dict[str, Any] = Field(
        default_factory=dict, description="Handed back to it after a restart."
    )


class BackendState(StrEnum):
    """Whether a backend can answer."""

    CONNECTING = "connecting"
    READY = "ready"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


class BackendStatus(Frame):
    """A backend says whether it can answer."""

    type_name: ClassVar[str] = "backend_status"

    backend: str = Field(description="Actor.")
    state: BackendState = Field(description="Whether it can answer.")
    reason: str = Field("", description="Why, in words.")
    retry_after_s: float | None = Field(None, ge=0, description="When it is worth asking again.")


class FaultClass(StrEnum):
    """What kind of thing went wrong, and so what can be done."""

    QUOTA = "quota"
    CONCURRENCY = "concurrency"
    BILLING = "billing"
    AUTH = "auth"
    MODEL = "model"
    BAD_REQUEST = "bad_request"
    POLICY = "policy"
    CONTEXT = "context"
    NETWORK = "network"
    TRANSIENT = "transient"
    SESSION_END = "session_end"
    HANDLE = "handle"
    FROZEN = "frozen"
    UNKNOWN = "unknown"


class Fault(Frame):
    """Something went wrong with a backend's service."""

    type_name: ClassVar[str] = "fault"

    backend: str = Field(description="Actor.")
    fault: FaultClass = Field(description="What kind.")
    code: int | None = Field(None, description="Close code or HTTP status, as received.")
    reason: str = Field("", description="As received, without secrets.")
    advice: str = Field("", description="What the operator can do.")
    retry: bool = Field(description="Whether trying again can help.")
    retry_after_s: float | None = Field(None, ge=0, description="When.")


class Route(Frame):
    """Which backend owns the session's turns from now on."""

    type_name: ClassVar[str] = "route"

    owner: str = Field(description="Backend; empty when no backend is configured.")
    epoch: int = Field(ge=0, description="Grows at every change.")
    reason: str = Field(description="Why, in words.")
    unspoken: dict[str, str] = Field(
        {}, description="By turn: what the backend before left unspoken, all that is to be said."
    )


class ActorStatus(Frame):
    """One actor, as the supervisor sees it."""

    type_name: ClassVar[str] = "actor_status"

    actor: str = Field(description="Who.")
    phase: str = Field(description="Supervision phase: starting, running, waiting, contained...")
    pid: int | None = Field(None, description="Its process, if it has one.")
    restarts: int = Field(0, ge=0, description="Restarts since the pipeline started.")
    pss_mib: float | None = Field(None, description="Memory, proportional share.")
    last_exit: str = Field("", description="How its last process ended, in words.")
    health: Health | None = Field(None, description="Its newest heartbeat.")


class Status(Frame):
    """The whole pipeline at a glance."""

    type_name: ClassVar[str] = "status"

    pipeline: str = Field(description="Name from the config.")
    version: str = Field(description="Version of greenroom.")
    uptime_s: float = Field(description="Since the supervisor started.")
    ready: bool = Field(description="Every actor is ready or finished.")
    route: Route | None = Field(None, description="Who answers.")
    actors: list[ActorStatus] = Field(description="In the order of the config.")
    sessions: int = Field(1, ge=0, description="Sessions that are open, the config's included.")
    session_counts: dict[str, int] = Field(
        default_factory=dict,
        description="Since the start: callers' sessions `opened`, `opened_again` while open, "
        "`refused`, and `ended_unopened`: ends of sessions that were not open; `unopened`: frames "
        "of such.",
    )
    turns_open: int = Field(0, ge=0, description="Turns that have no outcome yet.")
    turns_closed: dict[str, int] = Field(default_factory=dict, description="By outcome.")
    spending: Spending | None = Field(None, description="What it costs, if that is counted.")
    unwritten: dict[str, int] = Field(
        default_factory=dict,
        description="Lines printed or logged since the start that could not be written, by output: "
        "`stdout`, `stderr`, `log`.",
    )
