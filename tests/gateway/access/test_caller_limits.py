from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.access.limit_options import LimitOptions
from actors.gateway.access.message_meter import LONGEST_WAIT_S, MessageKind, MessageMeter
from actors.gateway.access.session_limits import SessionLimits
from actors.gateway.access.token_bucket import BucketTable, Rate, TokenBucket

AMOUNTS = st.lists(
    st.tuples(st.floats(0, 100, allow_nan=False), st.floats(0, 60, allow_nan=False)), max_size=60
)
RATES = st.builds(Rate, st.floats(0.1, 100), st.floats(1, 200))


@given(rate=RATES, asked=AMOUNTS)
def test_no_more_is_taken_than_fills_in(rate: Rate, asked: list[tuple[float, float]]) -> None:
    bucket, now_s, taken = TokenBucket(rate, 0.0), 0.0, 0.0
    for amount, pause_s in asked:
        now_s += pause_s
        if bucket.take(amount, now_s) == 0:
            taken += min(amount, rate.burst)
        assert taken <= (rate.burst + rate.per_s * now_s) * (1 + 1e-9)


@given(rate=RATES, asked=AMOUNTS)
def test_who_waits_as_long_as_is_said_gets_it(rate: Rate, asked: list[tuple[float, float]]) -> None:
    bucket, now_s = TokenBucket(rate, 0.0), 0.0
    for amount, pause_s in asked:
        now_s += pause_s
        wait_s = bucket.take(amount, now_s)
        if wait_s:
            now_s += wait_s * (1 + 1e-9) + 1e-9
            assert bucket.take(amount, now_s) == 0


@given(rate=RATES, asked=AMOUNTS)
def test_a_debt_is_paid_in_time_and_is_never_larger_than_a_burst(
    rate: Rate, asked: list[tuple[float, float]]
) -> None:
    bucket, now_s = TokenBucket(rate, 0.0), 0.0
    for amount, pause_s in asked:
        now_s += pause_s
        wait_s = bucket.spend(amount, now_s)
        assert 0 <= wait_s <= rate.burst / rate.per_s * (1 + 1e-9)
    assert bucket.take(rate.burst, now_s + 2 * rate.burst / rate.per_s + 1e-6) == 0


def test_a_clock_that_goes_back_fills_nothing() -> None:
    bucket = TokenBucket(Rate(1, 1), 100.0)
    assert bucket.take(1, 100.0) == 0
    assert bucket.take(1, 0.0) == 1
    assert bucket.take(1, 100.5) == 0.5


def test_names_are_counted_apart_and_forgotten_when_it_does_not_matter() -> None:
    table = BucketTable(Rate(1, 2), most=3)
    assert [table.take("a", 0) for _ in range(3)] == [0, 0, 1]
    assert table.take("b", 0) == 0
    assert table.take("c", 0) == 0
    assert table.take("d", 1.5) == 0  # `b` and `c` are full again.
    assert len(table) == 2
    assert table.take("a", 1.5) == 0
    for n in range(100):  # As many as somebody likes, at one moment.
        table.take(f"{n}", 1.5)
    assert len(table) == 3


def begin(
    limits: SessionLimits, now_s: float = 0.0, **given: object
) -> tuple[Denial, float] | None:
    asked: dict[str, object] = {
        "credential": "site",
        "address": "203.0.113.1",
        "of_credential": 0,
        "of_address": 0,
    }
    try:
        limits.begin(**(asked | given), now_s=now_s)  # type: ignore[arg-type]
    except AccessDeniedError as error:
        return error.denial, error.retry_after_s or 0.0
    return None


def test_sessions_at_once_are_limited() -> None:
    limits = SessionLimits(LimitOptions(sessions_per_credential=2, sessions_per_address=3))
    assert begin(limits, of_credential=1) is None
    assert begin(limits, of_credential=2) == (Denial.SESSIONS_AT_ONCE, 10)
    assert begin(limits, of_address=3) == (Denial.SESSIONS_AT_ONCE, 10)
    assert begin(limits, of_address=3, address="127.0.0.1") is None
    assert begin(limits, of_address=3, address="") is None
    assert begin(limits, of_credential=2, credential="") is None


def test_beginnings_are_limited_by_address_and_by_credential() -> None:
    limits = SessionLimits(LimitOptions(new_sessions_per_address=2, new_sessions_per_credential=3))
    assert [begin(limits) for _ in range(2)] == [None, None]
    assert begin(limits, address="203.0.113.2") is None
    assert begin(limits, address="203.0.113.3") == (Denial.NEW_SESSIONS, 20)
    assert begin(limits, credential="other") == (Denial.NEW_SESSIONS, 30)
    assert begin(limits, credential="other", address="127.0.0.1") is None
    assert begin(limits, now_s=30) is None


def test_one_home_has_many_addresses_of_ipv6() -> None:
    limits = SessionLimits(LimitOptions(new_sessions_per_address=1))
    assert begin(limits, address="2001:db8::1") is None
    assert begin(limits, address="2001:db8::ffff") == (Denial.NEW_SESSIONS, 60)
    assert begin(limits, address="2001:db8:0:1::1") is None


@pytest.mark.parametrize(
    ("kind", "at_once", "then_s"),
    [
        (MessageKind.SOUND, 6000, 0.01),
        (MessageKind.PICTURE, 10, 0.25),
        (MessageKind.TEXT, 20, 0.5),
        (MessageKind.OTHER, 200, 0.05),
    ],
)
def test_each_kind_of_message_has_its_pace(kind: MessageKind, at_once: int, then_s: float) -> None:
    meter = MessageMeter(LimitOptions(), 0.0)
    assert all(meter.wait_s(kind, 10, 0.0) == 0 for _ in range(at_once))
    assert meter.wait_s(kind, 10, 0.0) == pytest.approx(then_s)
    other = next(each for each in MessageKind if each is not kind)
    assert meter.wait_s(other, 10, 0.0) == 0


def test_bytes_are_counted_whatever_they_are() -> None:
    meter = MessageMeter(LimitOptions(bytes_per_s=1000), 0.0)
    assert meter.wait_s(MessageKind.SOUND, 32_000, 0.0) == 0
    assert meter.wait_s(MessageKind.TEXT, 1000, 0.0) == pytest.approx(1)
    assert meter.wait_s(MessageKind.SOUND, 16_000_000, 0.0) == LONGEST_WAIT_S
    assert meter.wait_s(MessageKind.SOUND, 0, 100.0) == 0


def test_a_caller_at_the_usual_pace_is_never_slowed() -> None:
    meter = MessageMeter(LimitOptions(), 0.0)
    for n in range(60_000):  # Twenty minutes: 20 ms of 48 kHz in base64, a picture each second.
        assert meter.wait_s(MessageKind.SOUND, 2600, n * 0.02) == 0
        if n % 50 == 0:
            assert meter.wait_s(MessageKind.PICTURE, 400_000, n * 0.02) == 0
