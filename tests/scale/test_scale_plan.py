"""What Ray Serve is told follows from the config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.lib.moving_caller import SILENT_S
from actors.scale.plan import ScalePlan, places_of, plan_of
from pipeline.cli.run import load_graph
from pipeline.config.scale import RoomsConfig, ScaleConfig
from pipeline.errors import ConfigError

GATEWAY = Path(__file__).parents[2] / "configs" / "gateway.yaml"
OPTIONS = "actors.gateway.options"
OPEN = (f"{OPTIONS}.host=0.0.0.0", f"{OPTIONS}.anybody=true")


def planned(*overrides: str) -> ScalePlan:
    return plan_of(load_graph(GATEWAY, [*OPEN, *overrides], look_outside=False))


def test_callers_connect_where_a_room_alone_would_serve_them() -> None:
    plan = planned(f"{OPTIONS}.port=3210")
    assert plan.schema({})["http_options"] == {"host": "0.0.0.0", "port": 3210}


@pytest.mark.parametrize(
    ("override", "where"), [("scale.ingress=head", "HeadOnly"), ("log_level=info", "EveryNode")]
)
def test_the_ingress_is_where_the_config_says(override: str, where: str) -> None:
    assert planned(override).schema({})["proxy_location"] == where


def test_the_rooms_are_as_many_and_as_big_as_the_config_says() -> None:
    plan = planned("scale.rooms={least: 2, most: 40, cpus: 4}", "scale.calls_per_s=1")
    deployment = _deployment(plan)
    assert deployment["ray_actor_options"] == {"num_cpus": 4}
    autoscaling = deployment["autoscaling_config"]
    assert (autoscaling["min_replicas"], autoscaling["max_replicas"]) == (2, 40)
    assert autoscaling["policy"]["policy_kwargs"] == {"places": 120, "spare": 6}


@pytest.mark.parametrize(
    ("cpus", "sessions", "most", "places"),
    [
        (2, None, 300, 60),
        (8, None, 300, 240),
        (8, None, 100, 100),
        (0.01, None, 300, 1),
        (2, 90, 300, 90),
    ],
)
def test_a_room_holds_what_its_processors_carry(
    cpus: float, sessions: int | None, most: int, places: int
) -> None:
    scale = ScaleConfig(rooms=RoomsConfig(cpus=cpus, sessions=sessions))
    assert places_of(scale, most) == places


@given(st.floats(0.1, 72_000), st.integers(1, 300), st.integers(1, 1000))
def test_no_time_limit_of_ray_is_shorter_than_a_conversation(
    longest_s: float, places: int, most: int
) -> None:
    scale = ScaleConfig(rooms=RoomsConfig(most=most))
    plan = ScalePlan("x", "gateway", "0.0.0.0", 3000, longest_s, places, False, scale)
    environment = plan.environment()
    reachable_s = float(environment["RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S"])
    assert int(environment["RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S"]) >= longest_s
    assert int(environment["RAY_SERVE_HAPROXY_TIMEOUT_CLIENT_S"]) >= longest_s
    deployment = _deployment(plan)
    assert deployment["graceful_shutdown_timeout_s"] >= reachable_s + longest_s
    assert deployment["max_ongoing_requests"] > places
    assert int(environment["RAY_SERVE_HAPROXY_MAXCONN"]) > places * most


def test_a_room_that_stands_still_is_left_out_before_its_callers_come_again() -> None:
    environment = planned().environment()
    inter_s = float(environment["RAY_SERVE_HAPROXY_HEALTH_CHECK_INTER"].removesuffix("ms")) / 1000
    # A check that is not answered takes as long as there is between two of them.
    checks = int(environment["RAY_SERVE_HAPROXY_HEALTH_CHECK_FALL"])
    assert inter_s * (1 + checks) < SILENT_S


def test_rooms_do_not_wait_for_all_else_on_their_machine() -> None:
    assert planned().environment()["RAY_worker_niceness"] == "0"


def test_a_cluster_asks_for_its_token_and_reports_nothing_to_its_makers() -> None:
    environment = planned().environment()
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"


def test_new_rooms_are_there_before_old_ones_go() -> None:
    assert _deployment(planned())["max_surge_percent"] == 100


def test_no_environment_travels_with_what_is_deployed() -> None:
    assert "runtime_env" not in str(planned().schema({}))


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ([f"{OPTIONS}.host=127.0.0.1"], "host: 127.0.0.1 is reached from this machine only"),
        ([f"{OPTIONS}.port=0"], "port: callers have to know it"),
        ([f"{OPTIONS}.anybody=false"], "database: each room would have a file of its own"),
        ([f"{OPTIONS}.phone.audiosocket_port=4000"], "AudioSocket does not pass the ingress"),
        (["scale.rooms={least: 5, most: 2}"], r"least \(5\) is more than most \(2\)"),
        (["scale.engine=dask"], "scale.engine"),
    ],
)
def test_what_rooms_cannot_be_made_of_is_said(overrides: list[str], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        planned(*overrides)


def test_a_certificate_belongs_to_the_balancer(tmp_path: Path) -> None:
    for name in ("certificate", "private_key"):
        (tmp_path / name).write_text("")
    files = [f"{OPTIONS}.{name}={tmp_path / name}" for name in ("certificate", "private_key")]
    with pytest.raises(ConfigError, match="the ingress of Ray has no TLS"):
        planned(*files)


def test_one_database_for_all_does_without_anybody() -> None:
    planned(f"{OPTIONS}.anybody=false", f"{OPTIONS}.database=$DATABASE_URL")


def test_a_config_without_a_gateway_has_no_rooms() -> None:
    graph = load_graph(GATEWAY.with_name("demo.yaml"), (), look_outside=False)
    with pytest.raises(ConfigError, match="rooms take one gateway, and here are 0"):
        plan_of(graph)


def _deployment(plan: ScalePlan) -> dict[str, Any]:
    deployment: dict[str, Any] = plan.schema({})["applications"][0]["deployments"][0]
    return deployment
