"""What the supervisor makes of budgets: who answers, what is shown, and what is logged."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from pipeline.cli.cost import cost_line
from pipeline.cli.summary import print_turns
from pipeline.config.model import PipelineConfig
from pipeline.frames import (
    Allowance,
    BackendState,
    BackendStatus,
    LimitUse,
    Outcome,
    Route,
    Spending,
    Spent,
    Status,
    TurnClosed,
    UserText,
)
from pipeline.frames.wire import decode, encode
from pipeline.turns.conversation import Conversation

S = 1_000_000_000
SPENDING = Spending(
    session="local",
    day="2026-11-21",
    currency="USD",
    prices_date="2026-11-20",
    session_total=Spent(money=0.01234, tokens=900, minutes=0.5),
    day_total=Spent(money=1.6, tokens=10_000, unpriced_tokens=25, minutes=3),
    session_backends={"live": Spent(money=0.01234, tokens=900, minutes=0.5)},
    day_backends={"live": Spent(money=1.6, tokens=10_000, unpriced_tokens=25, minutes=3)},
    limits=[
        LimitUse(per="day", unit="USD", used=1.6, limit=2.0, backends=["live"]),
        LimitUse(per="session", unit="minutes", used=0.5, limit=30, backends=["live"]),
    ],
)
LINE = (
    "cost: 0.0123 USD this session, 1.6000 USD and 25 tokens of unknown price on 2026-11-21, "
    "80% of 2 USD a day, 2% of 30 minutes a session, prices of 2026-11-20"
)


class Errors:
    """A log that keeps its errors."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def error(self, event: str, **_details: Any) -> None:
        self.lines.append(event)


@pytest.fixture
def errors() -> Errors:
    return Errors()


def conversation(monkeypatch: pytest.MonkeyPatch, errors: Errors) -> Conversation:
    config = PipelineConfig.model_validate(
        {
            "name": "test",
            "actors": {"live": {"use": "live"}, "http": {"use": "http"}},
            "route": {"backends": ["live", "http"]},
        }
    )
    made = Conversation(config, hears=True, now_ns=0)
    monkeypatch.setattr(made, "_log", errors)
    for backend in ("live", "http"):
        made.on_frame(BackendStatus(backend=backend, state=BackendState.READY), S)
    return made


def refusing(*backends: str) -> Allowance:
    refused = dict.fromkeys(backends, "budget of the day used up: 2.00 of 2.00 USD")
    return Allowance(refused=refused, last_resort=list(reversed(backends)))


def test_a_budget_used_up_changes_the_route_and_gives_its_words_as_the_reason_f24(
    monkeypatch: pytest.MonkeyPatch, errors: Errors
) -> None:
    talk = conversation(monkeypatch, errors)
    (said,) = talk.on_frame(refusing("live"), 2 * S)
    assert isinstance(said, Route)
    assert said.owner == "http"
    assert said.reason == "live: budget of the day used up: 2.00 of 2.00 USD"
    assert errors.lines == []


def test_with_every_budget_used_up_turns_go_on_and_the_log_says_so_once_f24(
    monkeypatch: pytest.MonkeyPatch, errors: Errors
) -> None:
    talk = conversation(monkeypatch, errors)
    talk.on_frame(refusing("live", "http"), 2 * S)
    for number in range(5):
        talk.on_frame(UserText(turn=f"local:t{number}", text="hello"), (3 + number) * S)
        talk.tick((3 + number) * S)
    assert talk.route_frame().owner == "http"
    assert len(talk.ledger.open_turns()) == 5, "none is given up"
    assert errors.lines == ["nobody within a budget is left: http answers all the same"]


def test_the_newest_spending_is_kept_for_the_status(
    monkeypatch: pytest.MonkeyPatch, errors: Errors
) -> None:
    talk = conversation(monkeypatch, errors)
    assert talk.spending is None
    assert talk.on_frame(SPENDING, 2 * S) == []
    assert talk.spending == SPENDING


def test_spending_travels_also_within_the_status() -> None:
    status = Status(
        session="local",
        pipeline="p",
        version="1",
        uptime_s=1,
        ready=True,
        actors=[],
        spending=SPENDING,
    )
    header = {"seq": 1, "boot": 1, "sent_ns": 1, "origin_ns": 1}
    for frame in (SPENDING, status):
        assert decode(encode(frame, seq=1, boot=1, sent_ns=1)) == frame.model_copy(update=header)


def test_one_line_says_what_it_costs() -> None:
    assert cost_line(SPENDING) == LINE


def test_the_table_at_the_end_of_a_run_is_followed_by_the_cost(
    monkeypatch: pytest.MonkeyPatch, errors: Errors
) -> None:
    talk = conversation(monkeypatch, errors)
    talk.on_frame(UserText(turn="local:t1", text="hello"), 2 * S)
    (closed,) = [each for each in talk.tick(60 * S) if isinstance(each, TurnClosed)]
    assert closed.outcome is Outcome.FAILED
    out = io.StringIO()
    print_turns(talk.ledger, SPENDING, Console(file=out, width=200))
    assert out.getvalue().splitlines()[-1] == LINE
