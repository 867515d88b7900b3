"""Who could not be answered is called back."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from actors.gateway.errors import CallerError
from actors.gateway.phone.context import CallContext, CallDirection
from actors.gateway.phone.doors.call_backs import AFTER_S, AGAIN_S, MOST_TRIES, WITHIN_S, CallBacks
from pipeline.logs import get_logger

INBOUND = CallContext(
    business="bakery-42", direction=CallDirection.INBOUND, caller="+4915", called="+4930"
)


class KeptOutbound:
    def __init__(self) -> None:
        self.started: list[tuple[str, dict[str, Any]]] = []
        self.refuses = False

    def starters(self) -> list[str]:
        return ["twilio"]

    async def start(self, to: str, **how: Any) -> None:
        if self.refuses:
            raise CallerError("busy")
        self.started.append((to, how))


class House:
    """Call backs by a clock of its own."""

    def __init__(self) -> None:
        self.now_s = 1_790_000_000.0
        self.problem = ""
        self.outbound = KeptOutbound()
        self.waiting: list[dict[str, Any]] = []
        self.backs = self.anew()

    def anew(self) -> CallBacks:
        outbound: Any = self.outbound
        return CallBacks(
            outbound,
            self.waiting,
            lambda: self.problem,
            get_logger("test"),
            lambda: self.now_s,
        )

    def after(self, seconds: float) -> list[str]:
        self.now_s += seconds
        asyncio.run(self.backs.look())
        return [to for to, _ in self.outbound.started]


@pytest.fixture
def house() -> House:
    return House()


def test_once_somebody_can_answer_again(house: House) -> None:
    house.problem = "no backend answers"
    assert house.backs.ask("twilio", INBOUND)
    assert house.after(AFTER_S + 1) == []
    house.problem = ""
    assert house.after(1) == ["+4915"]
    assert house.outbound.started[0][1] == {
        "provider": "twilio",
        "from_number": "+4930",
        "business": "bakery-42",
        "manner": {"speaks_first": True},
        "parameters": {"called_back": "true"},
    }
    assert house.after(WITHIN_S) == ["+4915"]


def test_not_before_they_have_hung_up_and_once_only(house: House) -> None:
    assert house.backs.ask("twilio", INBOUND)
    assert house.backs.ask("twilio", INBOUND)
    assert house.after(AFTER_S - 1) == []
    assert house.after(2) == ["+4915"]


def test_who_calls_again_while_another_is_called_back_is_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = CallContext(direction=CallDirection.INBOUND, caller="+4916", called="+4930")
    start = house.outbound.start

    async def start_meanwhile(to: str, **how: Any) -> None:
        if to != again.caller:
            house.backs.ask("twilio", again)
        await start(to, **how)

    monkeypatch.setattr(house.outbound, "start", start_meanwhile)
    house.backs.ask("twilio", INBOUND)
    house.backs.ask("twilio", again)
    assert house.after(AFTER_S + 1) == ["+4915"]
    assert house.after(AFTER_S + 1) == ["+4915", "+4916"]


def test_whom_we_called_is_called_at_its_own_number(house: House) -> None:
    outbound = CallContext(direction=CallDirection.OUTBOUND, caller="+4930", called="+4915")
    assert house.backs.ask("twilio", outbound)
    assert house.after(AFTER_S + 1) == ["+4915"]


@pytest.mark.parametrize(
    ("provider", "caller"), [("asterisk", "+4915"), ("twilio", "anonymous"), ("twilio", "")]
)
def test_who_cannot_be_called_is_not_promised_it(house: House, provider: str, caller: str) -> None:
    context = CallContext(direction=CallDirection.INBOUND, caller=caller, called="+4930")
    assert not house.backs.ask(provider, context)
    assert not house.waiting


def test_what_cannot_be_started_is_tried_some_times(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    house.outbound.refuses = True
    house.backs.ask("twilio", INBOUND)
    house.after(AFTER_S)
    for _ in range(MOST_TRIES):
        house.after(AGAIN_S + 1)
    assert house.waiting == []
    house.outbound.refuses = False
    assert house.after(AGAIN_S) == []


def test_an_hour_later_nobody_is(house: House) -> None:
    house.problem = "no backend answers"
    house.backs.ask("twilio", INBOUND)
    house.after(WITHIN_S + 1)
    house.problem = ""
    assert house.after(1) == []


def test_also_by_the_next_process_of_the_gateway(house: House) -> None:
    house.backs.ask("twilio", INBOUND)
    house.waiting = json.loads(json.dumps(house.waiting))
    house.backs = house.anew()
    assert house.after(AFTER_S + 1) == ["+4915"]
