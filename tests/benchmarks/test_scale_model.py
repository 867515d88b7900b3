"""The model of `benchmarks.scale_model`: more callers never need less, and the figures add up."""

from __future__ import annotations

from dataclasses import astuple, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scale_model import ScaleInputs, main, needs_of

INPUTS = ScaleInputs()


def test_ten_thousand_callers_as_worked_out_by_hand() -> None:
    inputs = ScaleInputs(
        room_s=12.0,
        caller_s=1.0,
        front_s=0.2,
        room_mib=256.0,
        caller_mib=2.0,
        turn_every_s=20.0,
        session_s=300.0,
        database_ms=0.5,
    )
    needs = needs_of(6000, inputs)
    assert (needs.rooms, needs.cores, needs.machines) == (100, 200, 7)
    # 100 rooms of 12 s and 6000 callers of 1.2 s in a minute of 200 cores.
    assert needs.busy == pytest.approx((1200 + 7200) / 60 / 200)
    assert needs.memory_gib == pytest.approx((25_600 + 12_000) / 1024)
    # 300 turns a second, of which each room writes those of half a second together.
    assert needs.transactions_s == pytest.approx(200 + 60 + 100)
    assert needs.database_cores == pytest.approx(0.18)
    assert needs.projects == 6


@given(st.integers(1, 2_000_000), st.integers(0, 100_000))
def test_more_callers_never_need_less(callers: int, more: int) -> None:
    fewer, all_of_them = needs_of(callers, INPUTS), needs_of(callers + more, INPUTS)
    without_share = [name.name for name in fields(fewer) if name.name != "busy"]
    assert all(getattr(fewer, name) <= getattr(all_of_them, name) for name in without_share)


@given(st.integers(1, 2_000_000))
def test_there_are_places_cores_and_quota_for_everybody(callers: int) -> None:
    needs = needs_of(callers, INPUTS)
    assert needs.rooms * INPUTS.room_places >= callers
    assert needs.machines * INPUTS.machine_cores >= needs.cores
    assert needs.machines * INPUTS.machine_gbit_s >= max(needs.in_gbit_s, needs.out_gbit_s)
    assert needs.projects * INPUTS.project_sessions >= callers
    assert 0 < needs.busy < 1


@pytest.mark.parametrize("name", [each.name for each in fields(ScaleInputs)])
def test_every_input_counts_and_none_may_be_zero(name: str) -> None:
    changed = replace(INPUTS, **{name: getattr(INPUTS, name) / 50})
    assert astuple(needs_of(100_000, changed)) != astuple(needs_of(100_000, INPUTS))
    with pytest.raises(ValueError, match=f"{name} must be above zero"):
        replace(INPUTS, **{name: 0.0})


def test_the_table_is_printed_for_what_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["60", "--project-sessions", "30"]) == 0
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if "|" in line]
    table = {row[1].strip(): row[2].strip() for row in rows}
    assert (table["callers at once"], table["rooms"], table["projects of Gemini"]) == (
        "60",
        "1",
        "2",
    )
