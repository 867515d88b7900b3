"""What becomes of the figures of several rounds: middle, spread, ratios, the table, the README."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks.peers.metrics import METRICS, Metric
from benchmarks.peers.pictures import draw
from benchmarks.peers.results import Place, Results, ahead, number, ratio, spread
from benchmarks.peers.table import BEGIN, END, replaced, table, verdict

NEVER = math.inf
LESS = Metric("cpu", "listen", "processor time", "s")
MORE = Metric("fault_heard", "fault", "heard", "%", higher_is_better=True)


def _results(values: dict[Place, list[float]]) -> Results:
    return Results(values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.364, "0.36"),
        (1.334, "1.33"),
        (20.84, "20.8"),
        (523.4, "523"),
        (2800.0, "2800"),
        (NEVER, "never"),
    ],
)
def test_numbers_have_three_digits_and_never_is_a_word(value: float, text: str) -> None:
    assert number(value) == text


def test_a_cell_has_the_middle_round_and_the_extremes() -> None:
    assert spread([3.0, 1.0, 2.0]) == "2.00 (1.00-3.00)"
    assert spread([1.0, 1.001]) == "1.00"
    assert spread([60.0, 80.0, NEVER]) == "80.0 (60.0-never)"


def test_the_middle_of_two_rounds_is_one_of_them() -> None:
    place = Place("cpu", "we", 1)
    assert _results({place: [1.0, NEVER]}).median(place) == 1.0
    assert _results({}).median(place) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (1.0, 4.0, 0.25),
        (0.0, 320.0, 0.0),
        (50.0, NEVER, 0.0),
        (NEVER, 50.0, NEVER),
        (5.0, 0.0, NEVER),
        (0.0, 0.0, None),
        (NEVER, NEVER, None),
        (None, 1.0, None),
        (1.0, None, None),
    ],
)
def test_a_ratio_survives_never_nothing_and_zero(
    ours: float | None, theirs: float | None, expected: float | None
) -> None:
    assert ratio(ours, theirs) == expected


def test_less_is_ahead_unless_more_is_wanted() -> None:
    assert ahead(LESS, 1.0, 2.0)
    assert not ahead(LESS, NEVER, 2.0)
    assert ahead(MORE, 100.0, 40.0)
    assert not ahead(MORE, 0.0, 40.0)


def test_the_table_has_a_row_for_each_number_of_sessions_and_leaves_out_who_was_not_asked() -> None:
    results = _results(
        {
            Place("up_p50", "floor", 1): [0.4],
            Place("up_p50", "we", 1): [0.8, 0.6, 1.0],
            Place("up_p50", "floor", 10): [0.2],
        }
    )
    assert table(results, ["floor", "we"], "we").splitlines() == [
        "|  | unit | sessions | floor | we | we / floor |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        "| audio up, p50 | ms | 1 | 0.40 | 0.80 (0.60-1.00) | 2.00 |",
        "| audio up, p50 | ms | 10 | 0.20 |  |  |",
    ]


def test_the_verdict_names_the_rows_in_which_a_peer_is_better_and_what_collapsed() -> None:
    results = _results(
        {
            Place("cpu", "peer", 1): [2.0],
            Place("cpu", "we", 1): [3.0],
            Place("stall", "peer", 1): [320.0],
            Place("stall", "we", 1): [0.0],
            Place("cpu", "other", 1): [3.5],
        }
    )
    results.failures["other", "listen", 50] = "did not keep up"
    better, worse, collapsed = verdict(results, ["peer", "other"], "we")
    assert "processor time" in better
    assert "2.00 to our 3.00 s" in better
    assert "gap" not in better
    assert worse == "- other is better in: none of these rows."
    assert collapsed == "- other, `listen` with 50 at once: did not keep up."


def test_only_what_is_between_the_markers_is_replaced() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = replaced(text, "new")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert replaced(once, "new") == once


@pytest.mark.parametrize("text", ["", BEGIN, f"{END} {BEGIN}", f"{BEGIN} {BEGIN} {END}"])
def test_a_file_without_both_markers_is_left_alone(text: str) -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        replaced(text, "new")


def test_the_readme_has_the_markers() -> None:
    readme = Path(__file__).parents[2] / "benchmarks" / "README.md"
    replaced(readme.read_text(), "new")


def test_pictures_are_drawn_even_when_something_never_came(tmp_path: Path) -> None:
    values = {
        Place(metric.name, name, count): [1.0, NEVER if name == "peer" else 2.0]
        for metric in METRICS
        for name in ("peer", "we")
        for count in (1, 10)
    }
    drawn = draw(_results(values), ["peer", "we"], tmp_path)
    assert [path.name for path in drawn] == ["peers-one-session.svg", "peers-many-sessions.svg"]
    assert "never" not in drawn[1].read_text()
    assert "sessions at once" in drawn[1].read_text()
