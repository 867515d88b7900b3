"""Tokens in the path of a media socket: once, for minutes, for one call."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.access.tokens import TokenIssuer
from actors.gateway.phone.context import CallDirection
from actors.gateway.phone.doors.call_tokens import LASTS_S, MOST_REMEMBERED, CallTokens

SECRET = b"s" * 32


class WallClock:
    def __init__(self) -> None:
        self.now_s = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
def tokens(clock: WallClock) -> CallTokens:
    return CallTokens(SECRET, clock, {})


def denial_of(work: Any, *args: Any) -> Denial:
    with pytest.raises(AccessDeniedError) as error:
        work(*args)
    return error.value.denial


def test_a_token_says_what_it_was_minted_for_and_nothing_of_the_caller(tokens: CallTokens) -> None:
    text = tokens.mint(
        "twilio",
        "CA123",
        business="bäckerei-42",
        direction=CallDirection.OUTBOUND,
        order="o1",
        said={"caller": "+4930123"},
    )
    given = tokens.read(text, "twilio")
    assert (given.business, given.direction, given.order) == (
        "bäckerei-42",
        CallDirection.OUTBOUND,
        "o1",
    )
    assert given.said == {"caller": "+4930123"}
    payload = base64.urlsafe_b64decode(text.split(".")[0] + "==").decode()
    assert "4930123" not in payload
    assert "CA123" not in payload
    assert len(text) < 300


def test_it_is_used_once(tokens: CallTokens) -> None:
    given = tokens.read(tokens.mint("twilio", "CA1"), "twilio")
    tokens.use(given)
    assert denial_of(tokens.use, given) is Denial.TOKEN_USED


def test_it_is_used_once_also_if_the_gateway_was_started_anew(clock: WallClock) -> None:
    table: dict[str, Any] = {}
    text = CallTokens(SECRET, clock, table).mint("twilio", "CA1", said={"caller": "+1"})
    again = CallTokens(SECRET, clock, json.loads(json.dumps(table)))
    given = again.read(text, "twilio")
    assert given.said == {"caller": "+1"}
    again.use(given)
    assert denial_of(again.use, given) is Denial.TOKEN_USED


def test_it_may_be_of_a_gateway_beside_this_one(clock: WallClock, tokens: CallTokens) -> None:
    text = CallTokens(SECRET, clock, {}).mint("plivo", "c", business="b")
    given = tokens.read(text, "plivo")
    assert (given.business, given.said) == ("b", {})
    tokens.use(given)
    assert denial_of(tokens.use, given) is Denial.TOKEN_USED


def test_it_is_for_its_call_its_provider_and_some_minutes(
    clock: WallClock, tokens: CallTokens
) -> None:
    text = tokens.mint("twilio", "CA1")
    given = tokens.read(text, "twilio")
    tokens.check_call(given, "CA1")
    for other in ("CA2", "", "ca1", "CA1 ", "\udc80"):
        assert denial_of(tokens.check_call, given, other) is Denial.TOKEN_OTHER_CALL
    assert denial_of(tokens.read, text, "plivo") is Denial.TOKEN_OTHER_CALL
    clock.now_s += LASTS_S - 1
    tokens.read(text, "twilio")
    clock.now_s += 2
    assert denial_of(tokens.read, text, "twilio") is Denial.TOKEN_EXPIRED


def test_of_a_call_without_a_name_whichever_comes_first_is_it(tokens: CallTokens) -> None:
    given = tokens.read(tokens.mint("exotel", ""), "exotel")
    tokens.check_call(given, "anything")
    tokens.use(given)
    assert denial_of(tokens.use, given) is Denial.TOKEN_USED


def test_tokens_of_another_secret_or_of_another_kind_are_none(
    clock: WallClock, tokens: CallTokens
) -> None:
    other = CallTokens(b"t" * 32, clock, {}).mint("twilio", "CA1")
    session, _ = TokenIssuer(SECRET, clock).mint("site")
    for text in (other, session, session.rpartition(".")[0]):
        assert denial_of(tokens.read, text, "twilio") is Denial.TOKEN_INVALID


@given(st.data())
def test_no_change_of_a_token_is_taken(data: st.DataObject) -> None:
    tokens = CallTokens(SECRET, WallClock(), {})
    text = tokens.mint("twilio", "CA1", business="b")
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters())
    changed = text[:at] + letter + text[at + 1 :]
    if changed != text:
        assert denial_of(tokens.read, changed, "twilio") is Denial.TOKEN_INVALID
    assert denial_of(tokens.read, text[:at], "twilio") is Denial.TOKEN_INVALID


@given(st.text())
def test_no_text_is_taken_for_a_token(text: str) -> None:
    tokens = CallTokens(SECRET, WallClock(), {})
    assert denial_of(tokens.read, text, "twilio") is Denial.TOKEN_INVALID


def test_what_is_remembered_ends_with_its_time(clock: WallClock) -> None:
    table: dict[str, Any] = {}
    tokens = CallTokens(SECRET, clock, table)
    for number in range(MOST_REMEMBERED):
        tokens.mint("twilio", str(number))
    assert denial_of(tokens.mint, "twilio", "one more") is Denial.NEW_SESSIONS
    clock.now_s += LASTS_S + 1
    tokens.mint("twilio", "now")
    assert len(table) == 1
