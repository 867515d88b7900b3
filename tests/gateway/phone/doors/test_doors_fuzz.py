"""Whatever is asked of the doors of telephones is answered, and none of it is kept."""

from __future__ import annotations

import pytest
from belongings import nothing_is_left, on_stage
from door_fuzz import DoorFuzz, OddRequest, status_of
from gateway_client import GatewayOnStage, gateway_on_stage
from gateway_keys import add_key
from phone_webhooks import PUBLIC

MEANT = (503,)
"""Of what begins with 5: nobody can be served, or be called, as it is configured."""


def not_answered(gateway: GatewayOnStage, fuzz: DoorFuzz, count: int) -> list[object]:
    """Make requests; return those at which the gateway failed."""

    def ask() -> list[tuple[OddRequest, int]]:
        asked = (fuzz.request() for _ in range(count))
        return [(each, status_of(gateway.url, each)) for each in asked]

    return [each for each in gateway.meanwhile(ask) if each[1] >= 500 and each[1] not in MEANT]


def all_answered(batches: int, *, is_known: bool) -> None:
    phone = {"public_url": PUBLIC} if is_known else {}
    with gateway_on_stage(phone=phone) as gateway:
        key = add_key(gateway, "pbx", "talk", "calls") if is_known else ""
        fuzz = DoorFuzz(4, key)
        assert not_answered(gateway, fuzz, 30) == []
        before = on_stage(gateway.harness)
        for _ in range(batches):
            assert not_answered(gateway, fuzz, 50) == []
        nothing_is_left(gateway.harness, before)


@pytest.mark.parametrize("is_known", [True, False], ids=["with a key", "on this machine"])
def test_odd_requests_at_the_doors_are_answered_f28(is_known: bool) -> None:
    all_answered(4, is_known=is_known)


@pytest.mark.slow
@pytest.mark.parametrize("is_known", [True, False], ids=["with a key", "on this machine"])
def test_ten_thousand_odd_requests_are_answered(is_known: bool) -> None:
    all_answered(100, is_known=is_known)
