"""What tokens cost, by the packaged table and by one of the user's own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from budget_reports import usage
from hypothesis import given
from hypothesis import strategies as st

from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.live.options import LiveOptions
from actors.services.budget.account import Sum
from actors.services.budget.prices import PACKAGED, load_prices
from pipeline.errors import ConfigError

DAY = date(2026, 11, 21)
TABLE = load_prices(None, Path())


def test_a_live_turn_costs_what_the_service_publishes() -> None:
    frame = usage(given={"audio": 1_000_000, "text": 1_000_000}, made={"audio": 500_000})
    assert TABLE.price(frame, DAY) == (
        Sum(2_500_000, 0, 500_000, Decimal("3.00") + Decimal("0.75") + Decimal("6.00")),
        [],
    )


def test_a_minute_of_answer_is_1500_tokens_of_speech() -> None:
    assert TABLE.minutes(1500) == 1
    money = TABLE.price(usage(given={}, made={"audio": 1500}), DAY)[0].money
    assert money == Decimal("0.018"), "as published for a minute"


def test_the_models_that_come_configured_have_prices() -> None:
    for model in (LiveOptions().model, HttpOptions().model, HttpOptions().tts_model):
        row = TABLE.row(f"models/{model}", DAY)
        assert row is not None
        assert row.source


@pytest.mark.parametrize(
    ("day", "price"),
    [
        (date(1970, 1, 1), "0.75"),
        (date(2026, 12, 31), "0.75"),
        (date(2027, 1, 1), "1.5"),
        (date(2030, 1, 1), "1.5"),
    ],
)
def test_the_price_in_force_on_the_day_counts(day: date, price: str) -> None:
    row = TABLE.row("gemini-3.8-flash", day)
    assert row is not None
    assert row.input["text"] == Decimal(price)


def test_an_unknown_model_is_counted_in_tokens_without_a_price() -> None:
    used, missing = TABLE.price(usage(model="gemini-9"), DAY)
    assert used == Sum(2000, 2000, 1000, Decimal(0))
    assert missing == ["gemini-9"]


def test_a_modality_without_a_price_is_named() -> None:
    used, missing = TABLE.price(usage(given={"audio": 1000, "image": 258}, made={}), DAY)
    assert used == Sum(1258, 258, 0, Decimal("0.003"))
    assert missing == ["gemini-3.8-live, input of image"]


def test_tokens_that_the_service_bills_without_saying_for_what_have_no_price() -> None:
    used, missing = TABLE.price(usage(total=2025), DAY)
    assert (used.tokens, used.unpriced_tokens, missing) == (2025, 25, [])


TOKENS = st.dictionaries(st.sampled_from(["audio", "text", "image", "?"]), st.integers(-5, 10**9))


@given(TOKENS, TOKENS, st.integers(0, 10**9), st.sampled_from(["gemini-3.8-live", "x"]))
def test_nothing_is_ever_negative_and_no_token_is_lost(
    given_: dict[str, int], made: dict[str, int], reported: int, model: str
) -> None:
    used, _ = TABLE.price(usage(model=model, given=given_, made=made, total=reported), DAY)
    assert min(used.tokens, used.unpriced_tokens, used.spoken_tokens, used.money) >= 0
    counted = sum(n for n in [*given_.values(), *made.values()] if n > 0)
    assert used.tokens == max(counted, reported)
    assert used.unpriced_tokens <= used.tokens


def test_a_table_of_the_users_own_takes_the_place_of_the_packaged_one(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "{date: 2026-01-01, currency: EUR, audio_tokens_per_s: 25, rows: [{model: m, "
        "since: 2026-01-01, input: {text: 0.0375}, output: {}}]}"
    )
    table = load_prices("mine.yaml", tmp_path)
    assert table.currency == "EUR"
    assert table.price(usage(model="m", given={"text": 1}, made={}), DAY)[0].money == Decimal(
        "3.75e-8"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "{date: 2026-01-01, currency: USD, audio_tokens_per_s: 0, rows: []}",
        "{date: 2026-01-01, currency: USD, audio_tokens_per_s: 25, rows: [{model: m, "
        "since: 2026-01-01, input: {text: -1}, output: {}}]}",
        "{date: 2026-01-01, currency: USD, audio_tokens_per_s: 25, rows: [{model: m, "
        "since: 2026-01-01, input: {text: .nan}, output: {}}]}",
    ],
)
def test_what_is_no_price_table_is_refused_with_the_file_and_an_example(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_prices("mine.yaml", tmp_path)
    assert str(path) in str(error.value)
    assert str(PACKAGED) in str(error.value)


def test_a_missing_price_table_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text("")
    with pytest.raises(ConfigError, match=r"did you mean 'prices\.yaml'"):
        load_prices("price.yaml", tmp_path)
