from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.rooms.admission import AdmissionState, RoomAdmission, usual_places
from actors.gateway.rooms.lease import LEASE_S, Lease, LeaseState
from actors.gateway.rooms.room import GatewayRoom

MOMENTS = st.floats(0, 1e6)


@pytest.mark.parametrize(
    ("places", "taken", "draining", "lease", "state"),
    [
        (2, 1, False, LeaseState.HELD, AdmissionState.OPEN),
        (2, 2, False, LeaseState.HELD, AdmissionState.FULL),
        (2, 3, False, LeaseState.HELD, AdmissionState.FULL),
        (None, 10_000, False, LeaseState.NONE, AdmissionState.OPEN),
        (2, 0, True, LeaseState.HELD, AdmissionState.DRAINING),
        (2, 2, True, LeaseState.LOST, AdmissionState.DRAINING),
        (2, 0, False, LeaseState.AWAITED, AdmissionState.NO_LEASE),
        (2, 0, False, LeaseState.LOST, AdmissionState.NO_LEASE),
    ],
)
def test_a_room_takes_callers_while_it_has_places_and_its_lease(
    places: int | None, taken: int, draining: bool, lease: LeaseState, state: AdmissionState
) -> None:
    assert RoomAdmission(places, taken, draining, lease).state is state


@given(st.lists(MOMENTS, min_size=1), MOMENTS)
def test_a_lease_is_held_for_its_time_after_the_last_renewal_that_was_asked_for(
    asked_s: list[float], now_s: float
) -> None:
    lease = Lease()
    assert lease.state(now_s) is LeaseState.AWAITED
    for each in asked_s:
        lease = lease.renewed(each)
    held = now_s < max(asked_s) + LEASE_S
    assert lease.state(now_s) is (LeaseState.HELD if held else LeaseState.LOST)


@given(st.integers(1, 50), st.lists(st.booleans()))
def test_a_room_has_as_many_callers_as_places(places: int, events: list[bool]) -> None:
    callers: list[int] = []
    room = GatewayRoom("a", places, lambda: len(callers), lambda: 0.0)
    room.lease = Lease().renewed(0.0)
    for comes in events:
        if not comes:
            del callers[-1:]
            continue
        if len(callers) < places:
            room.admit()
            callers.append(0)
            continue
        with pytest.raises(AccessDeniedError) as denied:
            room.admit()
        assert denied.value.denial is Denial.ROOM_FULL
        assert (denied.value.status, denied.value.close_code) == (503, 1013)
        assert denied.value.retry_after_s


def test_a_room_says_why_it_takes_nobody() -> None:
    now_s = 0.0
    room = GatewayRoom("a", 1, lambda: 0, lambda: now_s)
    assert "database" in room.refusal()
    room.rival = "host:/state:gateway"
    assert room.rival in room.refusal()
    room.lease = room.lease.renewed(0.0)
    assert not room.refusal()
    now_s = LEASE_S
    room.rival = ""
    assert "database" in room.refusal()
    with pytest.raises(AccessDeniedError) as denied:
        room.admit()
    assert denied.value.denial is Denial.ROOM_WITHOUT_LEASE


def test_one_without_a_name_asks_nobody_and_has_no_limit_of_its_own() -> None:
    room = GatewayRoom("", None, lambda: 10_000)
    assert not room.refusal()
    assert GatewayRoom("a", None, lambda: 0).places == usual_places() >= 30
