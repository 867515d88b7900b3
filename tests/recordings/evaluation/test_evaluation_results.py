"""What cells come to: journal, scores, tables, pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from evaluated import SPEECH, cell, observed, turn

from actors.recordings.evaluation.cells import Background
from actors.recordings.evaluation.journal import CellJournal
from actors.recordings.evaluation.lanes import save_lanes
from actors.recordings.evaluation.picture import save_picture
from actors.recordings.evaluation.scores import Score, rate, score, totals
from actors.recordings.evaluation.table_file import (
    CELL_COLUMNS,
    TURN_COLUMNS,
    cell_row,
    require_suffix,
    turn_rows,
    write_table,
)
from actors.recordings.evaluation.words import WordErrors
from pipeline.errors import GreenroomError
from pipeline.logs import get_logger
from pipeline.store import Store

GOOD = observed(
    turn(0.3, 2.4, "Go forward 10 meters.", heard_s=3.11, first_sound_ms=950.0, decided_s=2.9)
)
BAD = observed(
    turn(-0.9, -0.2, "the", outcome="interrupted"),
    turn(0.3, 1.1, "Go forward.", outcome="interrupted"),
    turn(1.3, 4.0, "Ten.", heard_s=4.61, first_sound_ms=600.0, end_reason="end_of_stream"),
    started_late=True,
)


def scores() -> list[Score]:
    noisy = cell(background=Background(2.0, 5.0))
    return [
        score(cell(), GOOD),
        score(noisy, BAD),
        score(cell(SPEECH / "cards-001.wav"), observed()),
    ]


def test_a_cell_is_scored_against_what_is_known() -> None:
    good, bad, nothing = scores()
    assert (good.turns.missed, good.turns.false, good.turns.cut, good.not_ended) == (0, 0, 0, 0)
    assert good.words == WordErrors(4, 0, 0, 0)
    # The labelled end of goforward.wav is 2.11 s.
    assert good.response_ms == (pytest.approx(1000),)
    assert (bad.turns.missed, bad.turns.false, bad.turns.cut, bad.not_ended) == (0, 1, 1, 1)
    assert bad.words == WordErrors(4, 0, 1, 1)
    assert bad.response_ms == (pytest.approx(2500),)
    assert (nothing.turns.missed, nothing.words) == (1, WordErrors(3, 0, 3, 0))
    assert nothing.response_ms == ()


def test_turns_that_a_service_found_are_only_counted() -> None:
    served = turn(None, None, "Go forward ten meters.", end_reason="")
    found = score(cell(), observed(served, served))
    assert (found.turns.missed, found.turns.cut, found.turns.lost_s) == (0, 1, None)
    assert found.response_ms == ()


def test_variants_are_put_together_over_recordings() -> None:
    clean, noisy = totals(scores())
    assert (clean.name, noisy.name) == ("a", "a, SNR 5 dB")
    assert (clean.found, clean.count("expected"), clean.count("missed")) == (1, 2, 1)
    assert rate(clean.words) == pytest.approx(3 / 7)
    assert clean.money == pytest.approx(0.002)
    assert (noisy.answered, noisy.found, noisy.not_ended) == (1, 3, 1)
    assert noisy.first_sound_ms == [600.0]


def test_a_cost_that_one_cell_does_not_know_is_not_known() -> None:
    uncounted = observed(money=None, currency="", tokens=None)
    (total,) = totals([score(cell(), GOOD), score(cell(), uncounted)])
    assert total.money is None


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_hold_a_row_for_each_cell_and_each_turn(tmp_path: Path, suffix: str) -> None:
    cells, turns = tmp_path / f"cells{suffix}", tmp_path / f"turns{suffix}"
    require_suffix(cells)
    write_table(cells, CELL_COLUMNS, [cell_row(each) for each in scores()])
    write_table(turns, TURN_COLUMNS, [row for each in scores() for row in turn_rows(each)])
    rows, turn_lines = read(cells), read(turns)
    assert [str(row["missed"]) for row in rows] == ["0", "0", "1"]
    assert [float(row["word_error_rate"]) for row in rows] == [0.0, 0.5, 1.0]
    assert [row["recording"] for row in rows] == ["goforward.wav"] * 2 + ["cards-001.wav"]
    assert [str(row["snr_db"] or "") for row in rows] == ["", "5.0", ""]
    assert [row["said"] for row in turn_lines] == [
        "Go forward 10 meters.",
        "the",
        "Go forward.",
        "Ten.",
    ]
    assert float(turn_lines[0]["start_s"]) == 0.3


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    for suffix in (".csv", ".parquet"):
        write_table(tmp_path / f"turns{suffix}", TURN_COLUMNS, [])
        assert read(tmp_path / f"turns{suffix}") == []
    assert (tmp_path / "turns.csv").read_text().startswith("recording,variant,snr_db,start_s,")


def test_a_form_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GreenroomError, match=r"\.csv or \.parquet"):
        require_suffix(tmp_path / "results.xlsx")
    monkeypatch.setattr("actors.recordings.evaluation.table_file.find_spec", lambda _name: None)
    with pytest.raises(GreenroomError, match=r"greenroom\[parquet\]"):
        require_suffix(tmp_path / "results.parquet")


def test_the_journal_gives_back_what_was_recorded(tmp_path: Path) -> None:
    one, two = cell(), cell(SPEECH / "numbers.wav")
    path = tmp_path / "new" / "e.sqlite"
    with CellJournal(path) as journal:
        assert not journal.finished
        assert not path.exists(), "nothing is finished"
        journal.add(one, GOOD)
        journal.add(two, BAD)
    with CellJournal(path) as again:
        assert again.finished == {one.key: GOOD, two.key: BAD}


def test_a_cell_is_on_the_disk_before_the_next_begins(tmp_path: Path) -> None:
    """The process may be killed: another one finds what this one has not closed."""
    path = tmp_path / "e.sqlite"
    one = cell()
    with CellJournal(path) as journal:
        journal.add(one, GOOD)
        with CellJournal(path) as other:
            assert other.finished == {one.key: GOOD}


def test_a_disk_that_takes_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GreenroomError, match="cannot be written"):
        CellJournal(tmp_path / "file" / "e.sqlite").add(cell(), GOOD)
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(GreenroomError, match="cannot be read"):
        CellJournal(tmp_path / "folder.sqlite")


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    path.write_text('{"shopping": "list"}\n')
    with pytest.raises(GreenroomError, match="is no journal"):
        CellJournal(path)
    assert path.read_text() == '{"shopping": "list"}\n'


def test_a_journal_of_another_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    store = Store(path, 0, get_logger("test"))
    store.put("cells", "x", {"turns": [], "colour": "green"}, outlives_run=True)
    store.close()
    with pytest.raises(GreenroomError, match="another version"):
        CellJournal(path)
    store = Store(path, 0, get_logger("test"))
    assert store.get("cells", "x")["colour"] == "green"
    store.close()


def test_the_picture_names_variants_errors_and_units(tmp_path: Path) -> None:
    save_picture(totals(scores()), tmp_path / "e.svg")
    drawn = (tmp_path / "e.svg").read_text("utf-8")
    for text in (
        ">a<",
        ">a, SNR 5 dB<",
        *(f">{each}<" for each in ("missed", "false", "cut", "not ended")),
        "turns, of 2 expected",
        "% of the words said",
        "first sound of the answer, ms",
        "USD",
    ):
        assert text in drawn, text
    assert ">joined<" not in drawn


def test_the_picture_of_a_recording_shows_words_and_turns(tmp_path: Path) -> None:
    save_lanes(scores()[:2], tmp_path / "goforward.svg")
    drawn = (tmp_path / "goforward.svg").read_text("utf-8")
    for text in (
        "goforward.wav: “go forward ten meters”",
        "Go forward 10 meters.",
        ">a, SNR 5 dB<",
        "time from the beginning of the recording, s",
        "labelled turn",
        "interrupted",
    ):
        assert text in drawn, text


def read(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    import pyarrow.parquet as pq

    rows: list[dict[str, str]] = pq.read_table(path).to_pylist()
    return rows
