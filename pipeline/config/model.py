"""The fields of a config file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from pipeline.config.scale import ScaleConfig
from pipeline.languages import Languages
from pipeline.priority import Priority
from pipeline.sessions import MOST_SESSIONS

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
"""Names of actors and pipelines: they become file names and parts of `actor.port`."""

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=40)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ActorConfig(_Section):
    """One actor: what it is, what it listens to, and its limits."""

    use: str = Field(
        min_length=1,
        description="`vad` (built in), `package.module:Class` or `folder/file.py:Class`.",
    )
    options: dict[str, Any] = Field(default_factory=dict, description="As the actor declares.")
    inputs: dict[str, str | list[str]] = Field(
        default_factory=dict, description="Input port: stream or streams, written `actor.port`."
    )
    after: list[Name] = Field(
        default_factory=list, description="Start once these actors are ready."
    )
    bind: str | None = Field(
        None, pattern=r"^tcp://", description="Publish here instead of on the runtime folder."
    )
    public_key: str | None = Field(
        None, min_length=40, max_length=40, description="Key of an actor on another host."
    )
    memory_limit_mib: float | None = Field(
        None, gt=0, description="Restarted when its own memory (USS) grows past this."
    )
    startup_deadline_s: float | None = Field(None, gt=0, description="Overrides `supervision`.")
    heartbeat_timeout_s: float | None = Field(None, gt=0, description="Overrides `supervision`.")
    priority: Priority | None = Field(
        None,
        description="Who gets a processor first: `low`, `normal`, `high`, `realtime`. What is not "
        "permitted is left out. Default: `realtime` for sound devices, `normal` for others.",
    )


class RouteConfig(_Section):
    """Who answers."""

    backends: list[Name] = Field(
        default_factory=list, description="Backends, the preferred one first."
    )
    first_sound_s: float = Field(
        4.0, gt=0, description="Without a sound for so long the next backend answers the turn."
    )
    standby_first_sound_s: float = Field(
        8.0,
        gt=0,
        validation_alias=AliasChoices("standby_first_sound_s", "understudy_first_sound_s"),
        description="The same for all but the preferred backend.",
    )
    stall_s: float = Field(4.0, gt=0, description="Silence in the middle of an answer, likewise.")
    degraded_s: float = Field(
        2.0, gt=0, description="Without connection for so long, the next backend takes over."
    )
    stable_s: float = Field(
        5.0, gt=0, description="A better backend is taken again after being ready for so long."
    )


class SupervisionConfig(_Section):
    """When an actor counts as failed, and how it comes back."""

    startup_deadline_s: float = Field(
        30.0,
        gt=0,
        description="From fork to ready, without progress; ten times as long for one that is "
        "busy all the time. Grows with the slowness of the machine.",
    )
    heartbeat_s: float = Field(
        0.25,
        gt=0,
        le=5,
        description="Between two heartbeats of an actor whose checkpoint changes; others "
        "beat four times as rarely, but at least three times in `heartbeat_timeout_s`.",
    )
    heartbeat_timeout_s: float = Field(
        3.0,
        gt=0,
        description="Without one for so long an actor counts as hung. Grows with the slowness of "
        "the processor.",
    )
    backoff_first_s: float = Field(
        0.1, gt=0, description="Wait before the second restart; the first is immediate."
    )
    backoff_max_s: float = Field(5.0, gt=0, description="Longest wait.")
    stable_s: float = Field(10.0, gt=0, description="Running so long clears the back-off.")
    intensity: int = Field(5, ge=1, description="More restarts than this ...")
    intensity_window_s: float = Field(30.0, gt=0, description="... in this time: contained.")
    contained_retry_s: float = Field(10.0, gt=0, description="Wait when contained.")
    stop_deadline_s: float = Field(3.0, gt=0, description="From SIGTERM to SIGKILL.")


class LedgerConfig(_Section):
    """When a turn counts as failed."""

    speech_deadline_s: float = Field(
        90.0,
        gt=0,
        description="From the start of a turn to its end; three of the longest turns of `vad`.",
    )
    answer_deadline_s: float = Field(
        30.0, gt=0, description="From the end of a turn to the first sound of its answer."
    )
    stall_deadline_s: float = Field(
        15.0, gt=0, description="Without progress in playback, in the middle of an answer."
    )


class SessionsConfig(_Section):
    """Conversations besides the config's own: callers, browsers."""

    most: int = Field(MOST_SESSIONS, ge=0, description="Open at once; more are refused.")
    callers_only: bool = Field(
        False,
        description="Nobody is where the pipeline runs: nothing is connected for the config's own "
        "session until something is said or typed in it.",
    )
    idle_s: float = Field(
        600.0, gt=0, description="Ended when nothing was said or answered for so long."
    )
    source_lost_s: float = Field(
        30.0,
        gt=0,
        description="Ended when the actor that opened it died and has not come back in this time.",
    )


class SecurityConfig(_Section):
    """Keys for endpoints on tcp."""

    keys_dir: Path | None = Field(None, description="Folder made with `greenroom keys`.")


class PipelineConfig(_Section):
    """A whole pipeline."""

    name: Name = Field(description="Two pipelines of one name cannot run at once.")
    session: str = Field("local", min_length=1, description="Name of the one conversation.")
    language: Languages = Field(
        None,
        description="What is spoken in it, as BCP-47 codes, the likeliest first; null: as the "
        "backends' options say.",
    )
    actors: dict[Name, ActorConfig] = Field(min_length=1, description="By name, in start order.")
    route: RouteConfig = Field(default_factory=RouteConfig)
    supervision: SupervisionConfig = Field(default_factory=SupervisionConfig)
    ledger: LedgerConfig = Field(default_factory=LedgerConfig)
    sessions: SessionsConfig = Field(default_factory=SessionsConfig)
    security: SecurityConfig = Field(default_factory=SecurityConfig)
    scale: ScaleConfig = Field(default_factory=ScaleConfig)
    runtime_dir: Path | None = Field(None, description="Sockets; default: under XDG_RUNTIME_DIR.")
    state_dir: Path | None = Field(
        None, description="What outlives a run; default: under XDG_STATE_HOME."
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
