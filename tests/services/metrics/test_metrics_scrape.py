"""What Prometheus gets to see."""

from __future__ import annotations

import socket
import urllib.request
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.services.metrics import Metrics
from actors.services.metrics.tally import BUCKETS_S, Tally
from pipeline.errors import ConfigError
from pipeline.frames import (
    ActorState,
    ActorStatus,
    Fault,
    FaultClass,
    Health,
    LimitUse,
    Outcome,
    Route,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    Spending,
    Spent,
    Status,
    TurnClosed,
)
from pipeline.testing import ActorHarness, stage

SECRET = "my password is swordfish"
SESSION = "alice-at-home"


def scrape(metrics: ActorHarness[Any]) -> str:
    port = int(metrics.actor.gauges["port"])
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as response:
        text: str = response.read().decode()
    return text


def samples(metrics: ActorHarness[Any]) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by name and by the values of the labels, in the order of the labels' names."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(scrape(metrics)):
        for sample in family.samples:
            by_label = found.setdefault(sample.name, {})
            key = tuple(value for _, value in sorted(sample.labels.items()))
            assert key not in by_label, f"{sample.name}{key} twice"
            by_label[key] = sample.value
    return found


def closed(**fields: Any) -> TurnClosed:
    values = {"outcome": Outcome.ANSWERED, "by": "live", "session": SESSION}
    return TurnClosed(**({"turn": f"{SESSION}:0", "said": SECRET} | values | fields))


def health(**counters: int) -> Health:
    return Health(
        actor="live", pid=7, state=ActorState.READY, detail=SECRET, counters=dict(counters)
    )


def status(*actors: ActorStatus, **fields: Any) -> Status:
    values: dict[str, Any] = {"version": "1.2", "uptime_s": 3.5, "ready": True, "turns_open": 1}
    return Status(pipeline="robot", session=SESSION, actors=list(actors), **(values | fields))


def test_turns_are_counted_by_outcome_and_backend() -> None:
    with stage(Metrics, port=0) as metrics:
        metrics.send("turns", closed(), closed(), closed(outcome=Outcome.INTERRUPTED))
        metrics.send("turns", closed(outcome=Outcome.FAILED, by="", reason=SECRET))
        assert samples(metrics)["greenroom_turns_total"] == {
            ("live", "answered"): 2,
            ("live", "interrupted"): 1,
            ("none", "failed"): 1,
        }


def test_first_sound_is_a_histogram_in_seconds_with_cumulative_buckets() -> None:
    with stage(Metrics, port=0) as metrics:
        metrics.send("turns", *(closed(first_sound_ms=ms) for ms in (250.0, 700.0, 60_000.0)))
        metrics.send("turns", closed(first_sound_ms=None))
        found = samples(metrics)
    assert found["greenroom_first_sound_seconds_count"] == {("live",): 3}
    assert found["greenroom_first_sound_seconds_sum"] == {("live",): 60.95}
    buckets = {
        end: count for (_, end), count in found["greenroom_first_sound_seconds_bucket"].items()
    }
    assert (buckets["0.25"], buckets["0.5"], buckets["0.75"]) == (1, 1, 2)
    assert (buckets["12.0"], buckets["+Inf"]) == (2, 3)
    assert len(buckets) == len(BUCKETS_S) + 1


def test_actors_have_phase_restarts_memory_and_drops_by_port() -> None:
    drops = {
        "unopened": 4,
        "ended": 5,
        "audio.expired": 3,
        "speech.lost": 1,
        "garbage": 2,
        "answers.spoken": 9,
        "turns": 4,
    }
    live = ActorStatus(
        actor="live", phase="running", restarts=2, pss_mib=1.5, health=health(**drops)
    )
    device = ActorStatus(actor="device", phase="contained", last_exit=SECRET)
    with stage(Metrics, port=0) as metrics:
        metrics.send("status", status(live, device))
        found = samples(metrics)
    assert found["greenroom_actor_up"] == {("live",): 1, ("device",): 0}
    phases = found["greenroom_actor_phase"]
    assert [key for key, value in phases.items() if value] == [
        ("live", "running"),
        ("device", "contained"),
    ]
    assert phases["live", "contained"] == 0
    assert found["greenroom_actor_restarts_total"] == {("live",): 2, ("device",): 0}
    assert found["greenroom_actor_memory_bytes"] == {("live",): 1.5 * 2**20}
    assert found["greenroom_frames_dropped_total"] == {
        ("live", "audio", "expired"): 3,
        ("live", "speech", "lost"): 1,
        ("live", "", "garbage"): 2,
        ("live", "", "unopened"): 4,
        ("live", "", "ended"): 5,
    }


def test_an_actor_somebody_else_runs_has_a_phase_too() -> None:
    with stage(Metrics, port=0) as metrics:
        metrics.send("status", status(ActorStatus(actor="microphone", phase="external")))
        assert samples(metrics)["greenroom_actor_phase"]["microphone", "external"] == 1


def test_the_pipeline_itself_is_there() -> None:
    with stage(Metrics, port=0) as metrics:
        metrics.send("status", status())
        found = samples(metrics)
    assert found["greenroom_info"] == {("robot", "1.2"): 1}
    assert found["greenroom_ready"][()] == 1
    assert found["greenroom_uptime_seconds"][()] == 3.5
    assert found["greenroom_turns_open"][()] == 1


def test_the_route_has_one_owner_and_a_count_of_changes() -> None:
    with stage(Metrics, port=0) as metrics:
        for epoch, owner in enumerate(["live", "device", "live"]):
            metrics.send("route", Route(owner=owner, epoch=epoch, reason=SECRET))
        found = samples(metrics)
    assert found["greenroom_route_owner"] == {("live",): 1, ("device",): 0}
    assert found["greenroom_route_changes_total"][()] == 2


def test_faults_are_counted_by_class() -> None:
    quota = Fault(backend="live", fault=FaultClass.QUOTA, reason=SECRET, retry=True)
    with stage(Metrics, port=0) as metrics:
        metrics.send("faults", quota, quota)
        assert samples(metrics)["greenroom_backend_faults_total"] == {("live", "quota"): 2}


def test_what_it_costs_is_there_when_it_is_counted() -> None:
    spent = Spent(money=0.25, tokens=100, unpriced_tokens=5, minutes=2)
    limit = LimitUse(per="day", unit="USD", used=1, limit=4, backends=["live", "http"])
    spending = Spending(
        day="2026-01-01",
        currency="USD",
        prices_date="2026-01-01",
        session_total=spent,
        day_total=spent,
        session_backends={"live": spent},
        day_backends={"live": spent},
        limits=[limit, limit.model_copy(update={"limit": 2.0})],
    )
    with stage(Metrics, port=0) as metrics:
        metrics.send("status", status(spending=spending))
        found = samples(metrics)
    assert found["greenroom_cost_total"] == {("live", "USD"): 0.25}
    assert found["greenroom_tokens_total"] == {("live",): 100}
    assert found["greenroom_unpriced_tokens_total"] == {("live",): 5}
    assert found["greenroom_answer_seconds_total"] == {("live",): 120}
    assert found["greenroom_budget_used_ratio"] == {("live+http", "day", "USD"): 0.5}


def test_nothing_said_and_no_session_is_in_it() -> None:
    live = ActorStatus(actor="live", phase="running", last_exit=SECRET, health=health(garbage=1))
    with stage(Metrics, port=0) as metrics:
        metrics.send("turns", closed(answer=SECRET, reason=SECRET))
        metrics.send("route", Route(owner="live", epoch=1, reason=SECRET, session=SESSION))
        metrics.send("status", status(live))
        text = scrape(metrics)
    assert "greenroom_turns_total" in text
    assert "swordfish" not in text
    assert SESSION not in text


def test_names_follow_the_conventions_of_prometheus() -> None:
    live = ActorStatus(actor="live", phase="running", pss_mib=1, health=health(garbage=1))
    with stage(Metrics, port=0) as metrics:
        metrics.send("turns", closed(first_sound_ms=1.0))
        metrics.send("status", status(live))
        families = list(text_string_to_metric_families(scrape(metrics)))
    assert families
    for family in families:
        assert family.documentation, family.name
        assert family.name.startswith("greenroom_")
        assert not family.name.endswith(("_ms", "_mib", "_count", "_minutes"))
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter"), sample.name


def test_a_restart_goes_on_counting_and_counts_no_turn_twice() -> None:
    first = closed(turn="local:1", boot=5, seq=0, first_sound_ms=300.0)
    second = closed(turn="local:2", boot=5, seq=1)
    with stage(Metrics, port=0) as metrics:
        metrics.send("turns", first)
        saved = metrics.actor.checkpoint
    with stage(Metrics, port=0, checkpoint=saved) as metrics:
        metrics.send("turns", first, second)
        found = samples(metrics)
    assert found["greenroom_turns_total"] == {("live", "answered"): 2}
    assert found["greenroom_first_sound_seconds_count"] == {("live",): 1}


def test_a_tally_comes_back_as_it_was_saved() -> None:
    tally = Tally()
    tally.turn(closed(boot=1, seq=3, first_sound_ms=20.0))
    tally.fault(Fault(backend="live", fault=FaultClass.AUTH, retry=False))
    tally.route(Route(owner="live", epoch=0, reason=""))
    again = Tally.from_json(tally.to_json())
    again.route(Route(owner="live", epoch=0, reason=""))
    assert again == tally


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(ConfigError, match=f"port {port} .*choose another"),
            stage(Metrics, port=port),
        ):
            pass


def test_sessions_are_counted_and_never_labels() -> None:
    with stage(Metrics, port=0) as metrics:
        for name in ("alice", "bob", "carol"):
            metrics.open(name, labels={"number": "+49 30 1234"})
        metrics.end("alice")
        metrics.end("bob", SessionEnd.TIME_OVER)
        metrics.end("dave", SessionEnd.REFUSED, "too many")
        metrics.settle()
        found, text = samples(metrics), scrape(metrics)
        saved = metrics.actor.checkpoint["tally"]
    assert found["greenroom_sessions_opened_total"] == {(): 4}, "the own one too"
    assert found["greenroom_sessions_open"] == {(): 2}, "carol, and the pipeline's own"
    assert found["greenroom_sessions_ended_total"] == {
        ("hung_up",): 1,
        ("time_over",): 1,
        ("refused",): 1,
    }
    assert not any(each in text for each in ("alice", "carol", "+49", "too many"))
    assert saved["sessions_opened"] == 4


def test_what_the_supervisor_counts_of_sessions_is_there() -> None:
    counted = status().model_copy(update={"session_counts": {"opened": 3, "refused": 2}})
    with stage(Metrics, port=0) as metrics:
        metrics.send("status", counted)
        found = samples(metrics)
    assert found["greenroom_session_events_total"] == {("opened",): 3, ("refused",): 2}


def test_after_a_restart_sessions_told_again_are_not_counted_again() -> None:
    first = [SessionOpened(session=name, boot=7, seq=seq) for seq, name in enumerate("ab")]
    tally = Tally()
    for frame in first:
        assert tally.session(frame)
    again = Tally.from_json(tally.to_json())
    later = SessionOpened(session="c", boot=7, seq=9)
    before_it = SessionEnded(session="a", reason=SessionEnd.HUNG_UP, boot=7, seq=5)
    assert [again.session(each) for each in (*first, later, before_it)] == [
        *(False, False, True, True)
    ]
    assert (again.sessions_opened, dict(again.sessions_ended)) == (3, {"hung_up": 1})
