"""Life cycle of an actor process: started, given up, restarted. A pure state machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.backoff import Backoff
from pipeline.config.model import SupervisionConfig
from pipeline.launch.slowness import USUAL, Slowness
from pipeline.launch.start_progress import is_overdue


class ProcessState(StrEnum):
    """Where the supervision of one actor stands."""

    WAITING = "waiting"
    """For the actors it starts after."""
    STARTING = "starting"
    RUNNING = "running"
    DUMPING = "dumping"
    """It hangs; its stacks are being written before it is killed."""
    BACKOFF = "backoff"
    CONTAINED = "contained"
    """It failed too often; it is tried again slowly while the rest goes on."""
    STOPPING = "stopping"
    STOPPED = "stopped"


class Event(StrEnum):
    """What happened to an actor."""

    TICK = "tick"
    MAY_START = "may_start"
    PROGRESS = "progress"
    """It works on its start, without having said anything."""
    BEAT = "beat"
    BECAME_READY = "became_ready"
    EXITED = "exited"
    TOO_BIG = "too_big"
    STOP = "stop"


class ProcessAction(StrEnum):
    """What the supervisor has to do now."""

    SPAWN = "spawn"
    DUMP_STACKS = "dump_stacks"
    TERMINATE = "terminate"
    KILL = "kill"


@dataclass(frozen=True)
class Deadlines:
    """Deadlines of one actor, in seconds; see `SupervisionConfig` for what they mean."""

    startup_deadline_s: float
    heartbeat_timeout_s: float
    backoff_first_s: float
    backoff_max_s: float
    stable_s: float
    intensity: int
    intensity_window_s: float
    contained_retry_s: float
    stop_deadline_s: float
    dump_s: float = 0.5
    """For faulthandler to write a few hundred lines, on a busy machine and to a slow disk."""

    @classmethod
    def of(
        cls,
        config: SupervisionConfig,
        startup_deadline_s: float | None = None,
        heartbeat_timeout_s: float | None = None,
        slowness: Slowness = USUAL,
    ) -> Deadlines:
        """Take the pipeline's limits, with an actor's own where it has some.

        Those of an actor's work grow with the slowness of the machine.
        """
        startup_deadline_s = startup_deadline_s or config.startup_deadline_s
        heartbeat_timeout_s = heartbeat_timeout_s or config.heartbeat_timeout_s
        return cls(
            startup_deadline_s=startup_deadline_s * slowness.start,
            heartbeat_timeout_s=heartbeat_timeout_s * slowness.processor,
            backoff_first_s=config.backoff_first_s,
            backoff_max_s=config.backoff_max_s,
            stable_s=config.stable_s,
            intensity=config.intensity,
            intensity_window_s=config.intensity_window_s,
            contained_retry_s=config.contained_retry_s,
            stop_deadline_s=config.stop_deadline_s,
        )


@dataclass(frozen=True)
class ProcessHistory:
    """What is known of the processes of one actor; times are monotonic seconds."""

    state: ProcessState = ProcessState.WAITING
    since_s: float = 0.0
    """When this state began."""
    beat_s: float = 0.0
    """Last sign of life."""
    progress_s: float = 0.0
    """When it was last seen to work on its start."""
    failures: tuple[float, ...] = ()
    """When its processes died, within the intensity window."""
    backoff_s: float = 0.0
    """Wait before the next start."""
    starts: int = 0
    ever_ready: bool = False


def step(
    history: ProcessHistory, event: Event, now_s: float, limits: Deadlines
) -> tuple[ProcessHistory, list[ProcessAction]]:
    """Return what is known of the actor then and what has to be done."""
    if event is Event.STOP:
        return _stop(history, now_s)
    if event is Event.EXITED:
        return _exited(history, now_s, limits), []
    match history.state:
        case ProcessState.WAITING if event is Event.MAY_START:
            return _spawn(history, now_s)
        case ProcessState.STARTING | ProcessState.RUNNING:
            return _alive(history, event, now_s, limits)
        case ProcessState.DUMPING if now_s - history.since_s >= limits.dump_s:
            # Asked for again at every tick until the exit is seen: a kill can cross a fork.
            return history, [ProcessAction.KILL]
        case ProcessState.STOPPING if now_s - history.since_s >= limits.stop_deadline_s:
            return history, [ProcessAction.KILL]
        case ProcessState.BACKOFF if now_s - history.since_s >= history.backoff_s:
            return _spawn(history, now_s)
        case ProcessState.CONTAINED if now_s - history.since_s >= limits.contained_retry_s:
            return _spawn(history, now_s)
    return history, []


def excused(history: ProcessHistory, lost_s: float) -> ProcessHistory:
    """Return the same with no time passed while nobody could watch it.

    Everything may have been stopped then, by Control-Z or a paused container: who is silent since
    is not to blame.
    """
    return replace(
        history,
        since_s=history.since_s + lost_s,
        beat_s=history.beat_s + lost_s,
        progress_s=history.progress_s + lost_s,
    )


def hangs(history: ProcessHistory, now_s: float, limits: Deadlines) -> bool:
    """Return whether its process has been silent for too long."""
    if history.state is ProcessState.STARTING:
        # An import or a model may block the loop for a while: no heartbeat is needed.
        idle_s, busy_s = now_s - history.progress_s, now_s - history.since_s
        return is_overdue(idle_s, busy_s, limits.startup_deadline_s)
    if history.state is not ProcessState.RUNNING:
        return False
    return now_s - history.beat_s >= limits.heartbeat_timeout_s


def _spawn(history: ProcessHistory, now_s: float) -> tuple[ProcessHistory, list[ProcessAction]]:
    born = replace(
        history,
        state=ProcessState.STARTING,
        since_s=now_s,
        beat_s=now_s,
        progress_s=now_s,
        starts=history.starts + 1,
    )
    return born, [ProcessAction.SPAWN]


def _alive(
    history: ProcessHistory, event: Event, now_s: float, limits: Deadlines
) -> tuple[ProcessHistory, list[ProcessAction]]:
    if event is Event.BEAT:
        history = replace(history, beat_s=now_s)
    elif event is Event.PROGRESS:
        history = replace(history, progress_s=now_s)
    elif event is Event.BECAME_READY and history.state is ProcessState.STARTING:
        history = replace(
            history, state=ProcessState.RUNNING, since_s=now_s, beat_s=now_s, ever_ready=True
        )
    if event is Event.TOO_BIG or hangs(history, now_s, limits):
        return replace(history, state=ProcessState.DUMPING, since_s=now_s), [
            ProcessAction.DUMP_STACKS
        ]
    if history.state is ProcessState.RUNNING and now_s - history.since_s >= limits.stable_s:
        history = replace(history, backoff_s=0.0)
    return history, []


def _exited(history: ProcessHistory, now_s: float, limits: Deadlines) -> ProcessHistory:
    if history.state in (ProcessState.STOPPING, ProcessState.STOPPED):
        return replace(history, state=ProcessState.STOPPED, since_s=now_s)
    recent = tuple(t for t in history.failures if now_s - t < limits.intensity_window_s)
    failures = (*recent, now_s)
    if len(failures) > limits.intensity:
        return replace(history, state=ProcessState.CONTAINED, since_s=now_s, failures=failures)
    # The first restart is immediate: most crashes do not repeat, and somebody is waiting.
    following_s = Backoff(limits.backoff_first_s, limits.backoff_max_s).after(history.backoff_s)
    wait_s = 0.0 if len(failures) == 1 and history.backoff_s == 0.0 else following_s
    return replace(
        history, state=ProcessState.BACKOFF, since_s=now_s, failures=failures, backoff_s=wait_s
    )


def _stop(history: ProcessHistory, now_s: float) -> tuple[ProcessHistory, list[ProcessAction]]:
    if history.state in (ProcessState.STARTING, ProcessState.RUNNING, ProcessState.DUMPING):
        # A process that hangs does not hear SIGTERM.
        last = (
            ProcessAction.KILL if history.state is ProcessState.DUMPING else ProcessAction.TERMINATE
        )
        return replace(history, state=ProcessState.STOPPING, since_s=now_s), [last]
    if history.state is ProcessState.STOPPING:
        return history, []
    return replace(history, state=ProcessState.STOPPED, since_s=now_s), []
