from __future__ import annotations

import time

import pytest
from gateway_client import gateway_on_stage

from actors.gateway.access.load import Load
from actors.gateway.readiness import NEWS_S, Readiness
from actors.gateway.rooms.room import GatewayRoom
from pipeline.frames import ActorState, ActorStatus, Health, Route, Status


def status(owner: str, **states: ActorState) -> Status:
    actors = [
        ActorStatus(
            actor=name,
            phase="running",
            health=Health(
                actor=name, pid=1, state=state, detail="" if name != "live" else "no quota"
            ),
        )
        for name, state in states.items()
    ]
    route = Route(owner=owner, epoch=1, reason="")
    return Status(pipeline="p", version="1", uptime_s=1.0, ready=False, route=route, actors=actors)


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (status("live", live=ActorState.READY, http=ActorState.CONNECTING), ""),
        (status("http", live=ActorState.CONNECTING, http=ActorState.DEGRADED), ""),
        (
            status("live", live=ActorState.CONNECTING, http=ActorState.READY),
            "live is connecting: no quota",
        ),
        (status("http", http=ActorState.STARTING), "http is starting"),
        (status("http", live=ActorState.READY), "http is not up"),
        (status("", live=ActorState.READY), "no backend answers"),
    ],
)
def test_the_pipeline_answers_while_the_owner_of_the_route_does(told: Status, problem: str) -> None:
    readiness = Readiness(Load(), GatewayRoom("", None, lambda: 0), follows=True)
    readiness.on_status(told)
    assert readiness.problem() == problem


def test_a_supervisor_that_is_gone_answers_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    readiness = Readiness(Load(), GatewayRoom("", None, lambda: 0), follows=True)
    assert readiness.problem() == "the supervisor says nothing"
    readiness.on_status(status("live", live=ActorState.READY))
    assert not readiness.problem()
    later_s = time.monotonic() + NEWS_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: later_s)
    assert readiness.problem() == "the supervisor says nothing"


def test_a_room_that_is_full_stays_and_one_that_is_drained_or_stopped_goes() -> None:
    room = GatewayRoom("", 1, lambda: 1)
    readiness = Readiness(Load(), room, follows=False)
    assert readiness.problem() == "all 1 places of this room are taken"
    assert not readiness.departure()
    room.draining = True
    assert readiness.departure() == "this room is being emptied"
    room.draining, readiness.leaving = False, "the gateway is going down"
    assert readiness.departure() == "the gateway is going down"


def test_readyz_tells_a_balancer() -> None:
    with gateway_on_stage() as gateway:
        code, answer = gateway.request("GET", "/readyz")
        assert (code, answer) == (503, {"error": "the supervisor says nothing"})
        gateway.harness.send("status", status("live", live=ActorState.READY))
        assert gateway.request("GET", "/readyz")[0] == 200
        gateway.harness.send("status", status("live", live=ActorState.CONNECTING))
        assert gateway.request("GET", "/readyz")[0] == 503
        assert gateway.request("GET", "/healthz")[0] == 200
