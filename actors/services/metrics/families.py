"""Prometheus metric families, from the newest status and the tally. Pure.

Nothing said, no session and no reason in words is in them.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from actors.services.metrics.building import Row, counter, gauge, histogram
from actors.services.metrics.tally import Tally
from pipeline.frames import ActorStatus, Spending, Status
from pipeline.supervision.lifecycle import ProcessState

DROPS = ("expired", "superseded", "duplicate", "lost")
"""Counters of an input port, written `<port>.<drop>`."""
OF_NO_PORT = ("garbage", "unopened", "ended")
"""Counted by actor: what is no frame belongs to no port; frames of a session that nobody opened, or
that has ended, are counted whatever port they came on."""
BYTES_PER_MIB = 1 << 20
SECONDS_PER_MINUTE = 60


def families(status: Status | None, tally: Tally, sessions_open: int = 0) -> list[Metric]:
    """Everything there is to scrape; before the first status, the counts alone."""
    found = [*_of_tally(tally), *_of_sessions(tally, sessions_open)]
    if status is not None:
        found += _of_pipeline(status)
        found += _of_actors(status.actors)
        if status.spending is not None:
            found += _of_spending(status.spending)
    return found


def _of_tally(tally: Tally) -> Iterator[Metric]:
    turns: list[Row] = [([*key], count) for key, count in tally.turns.items()]
    yield counter("turns", "Turns closed.", ["outcome", "backend"], turns)
    meaning = "From the end of the question to the first sound of the answer."
    sounds = [([backend], each) for backend, each in tally.first_sound.items()]
    yield histogram("first_sound_seconds", meaning, ["backend"], sounds)
    faults: list[Row] = [([*key], count) for key, count in tally.faults.items()]
    yield counter("backend_faults", "Faults of services.", ["backend", "class"], faults)
    owners: list[Row] = [([name], name == tally.owner) for name in tally.owners]
    yield gauge("route_owner", "1 for the backend that answers.", ["backend"], owners)
    yield counter("route_changes", "Changes of the route.", [], [([], tally.route_changes)])


def _of_sessions(tally: Tally, sessions_open: int) -> Iterator[Metric]:
    """Counts only: names of sessions as labels would be series without end."""
    yield gauge("sessions_open", "Sessions open now.", [], [([], sessions_open)])
    yield counter("sessions_opened", "Sessions opened.", [], [([], tally.sessions_opened)])
    ended: list[Row] = [([reason], count) for reason, count in tally.sessions_ended.items()]
    meaning = "Sessions ended, or refused, by reason."
    yield counter("sessions_ended", meaning, ["reason"], ended)


def _of_pipeline(status: Status) -> Iterator[Metric]:
    version: list[Row] = [([status.pipeline, status.version], 1)]
    yield gauge("info", "Which pipeline this is.", ["pipeline", "version"], version)
    yield gauge("ready", "1 when every actor is ready or finished.", [], [([], status.ready)])
    yield gauge("uptime_seconds", "Since the supervisor started.", [], [([], status.uptime_s)])
    counts: list[Row] = [([each], count) for each, count in status.session_counts.items()]
    meaning = "Sessions opened, refused and the like, and frames of none, as the supervisor counts."
    yield counter("session_events", meaning, ["event"], counts)
    yield gauge("turns_open", "Turns without an outcome.", [], [([], status.turns_open)])


def _of_actors(actors: list[ActorStatus]) -> Iterator[Metric]:
    def rows(value: str) -> list[Row]:
        return [([each.actor], float(getattr(each, value))) for each in actors]

    up: list[Row] = [([each.actor], each.phase == ProcessState.RUNNING) for each in actors]
    yield gauge("actor_up", "1 while the actor runs.", ["actor"], up)
    phases: list[Row] = [
        ([each.actor, phase], phase == each.phase)
        for each in actors
        for phase in dict.fromkeys([*ProcessState, each.phase])
    ]
    yield gauge("actor_phase", "1 for the phase of supervision.", ["actor", "phase"], phases)
    yield counter("actor_restarts", "Restarts.", ["actor"], rows("restarts"))
    memory: list[Row] = [
        ([each.actor], each.pss_mib * BYTES_PER_MIB) for each in actors if each.pss_mib is not None
    ]
    yield gauge("actor_memory_bytes", "Memory, proportional share.", ["actor"], memory)
    drops = [row for each in actors for row in _drops(each)]
    labels = ["actor", "port", "reason"]
    yield counter("frames_dropped", "Frames not taken, by input port.", labels, drops)


def _drops(status: ActorStatus) -> Iterator[Row]:
    for name, count in (status.health.counters if status.health else {}).items():
        port, _, drop = name.rpartition(".")
        if (port and drop in DROPS) or name in OF_NO_PORT:
            yield [status.actor, port, drop], count


def _of_spending(spending: Spending) -> Iterator[Metric]:
    spent = spending.session_backends.items()
    cost: list[Row] = [([name, spending.currency], each.money) for name, each in spent]
    yield counter("cost", "Money spent by this run.", ["backend", "currency"], cost)
    tokens: list[Row] = [([name], each.tokens) for name, each in spent]
    yield counter("tokens", "Tokens billed to this run.", ["backend"], tokens)
    unpriced: list[Row] = [([name], each.unpriced_tokens) for name, each in spent]
    yield counter("unpriced_tokens", "Those of unknown price.", ["backend"], unpriced)
    answers: list[Row] = [([name], each.minutes * SECONDS_PER_MINUTE) for name, each in spent]
    yield counter("answer_seconds", "Answer made, in this run.", ["backend"], answers)
    used: dict[tuple[str, str, str], float] = {}
    for use in spending.limits:
        key = (use.per, use.unit, "+".join(use.backends))
        used[key] = max(used.get(key, 0.0), use.used / use.limit)
    limits: list[Row] = [([*key], share) for key, share in used.items()]
    labels = ["per", "unit", "backends"]
    yield gauge("budget_used_ratio", "Share of the tightest limit used.", labels, limits)
