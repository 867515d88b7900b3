"""The page's worklets, run by node: what is heard, when, and how clean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from node_script import answer_of

from actors.gateway.website.page import FOLDER

SCRIPT = Path(__file__).with_name("worklets.mjs")
BLOCK_MS = 20
RATES = (44_100, 48_000)
"""Of sound devices."""

Values = npt.NDArray[np.float64]


def run(rate: int, *steps: dict[str, Any]) -> list[Any]:
    given = {"folder": str(FOLDER), "rate": rate, "steps": steps}
    results: list[Any] = answer_of(SCRIPT, given)
    return results


def level_db(values: Values) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(values**2)) * np.sqrt(2) / 0.5 + 1e-9))


def purity_db(values: Values, hz: float, rate: int) -> float:
    """How far the rest lies below the tone."""
    at = 2 * np.pi * hz * np.arange(len(values)) / rate
    basis = np.stack([np.sin(at), np.cos(at)], axis=1)
    fit = basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    return level_db(values - fit) - level_db(fit)


def in_time(ms: int) -> list[dict[str, int]]:
    """Sound as the gateway sends it: 120 ms ahead, then in time."""
    ahead = [{"at_ms": 0, "ms": BLOCK_MS}] * 6
    return [*ahead, *({"at_ms": at, "ms": BLOCK_MS} for at in range(0, ms - 120, BLOCK_MS))]


def gaps_ms(out: list[float], rate: int) -> list[float]:
    """How long it was silent between what sounded."""
    sounds = np.flatnonzero(np.abs(np.array(out)) > 1e-3)
    steps = np.diff(sounds) * 1000 / rate
    return [float(each) for each in steps if each > 5]


@pytest.mark.parametrize("rate", RATES)
def test_a_microphone_is_heard_and_what_16_khz_cannot_hold_is_left_out(rate: int) -> None:
    tones = (300.0, 6000.0, 10_000.0, 13_000.0)
    heard = run(rate, *({"what": "capture", "hz": hz, "seconds": 0.5} for hz in tones))
    low, high, above, far = (np.array(each[800:]) / 32768 for each in heard)
    assert abs(level_db(low)) < 0.2
    assert purity_db(low, 300.0, 16_000) < -50
    assert abs(level_db(high)) < 1
    assert level_db(above) < -45
    assert level_db(far) < -45


@pytest.mark.parametrize("rate", RATES)
def test_an_answer_is_played_whole_clean_and_soon(rate: int) -> None:
    (played,) = run(rate, {"what": "playback", "hz": 1000, "seconds": 1.4, "pushes": in_time(1000)})
    out = np.array(played["out"])
    sounds = np.flatnonzero(np.abs(out) > 1e-3)
    assert sounds[0] * 1000 / rate < 10
    assert (sounds[-1] - sounds[0]) * 1000 / rate == pytest.approx(1000, abs=5)
    middle = out[sounds[0] + rate // 10 : sounds[0] + rate * 8 // 10]
    assert purity_db(middle, 1000, rate) < -50
    assert gaps_ms(played["out"], rate) == []


def test_barge_in_is_silent_within_5_ms_and_ends_without_a_click() -> None:
    rate = 48_000
    sent = [each for each in in_time(2000) if each["at_ms"] < 503]
    how = {"what": "playback", "hz": 200, "seconds": 1, "pushes": sent, "clear": 503}
    (played,) = run(rate, how)
    out = np.array(played["out"])
    last_ms = float(np.flatnonzero(np.abs(out) > 1e-3)[-1]) * 1000 / rate
    assert 503 <= last_ms < 508
    largest_step = float(np.max(np.abs(np.diff(out))))
    # The tone itself moves by 0.013 a sample.
    assert largest_step < 0.05


def test_it_is_told_how_much_was_played_of_what_came() -> None:
    """What was thrown away counts: the gateway asks nothing more of it."""
    sent = [each for each in in_time(2000) if each["at_ms"] < 500]
    how = {"what": "playback", "hz": 200, "seconds": 1, "pushes": sent, "clear": 503}
    told = [each["played_ms"] for each in run(48_000, how)[0]["told"]]
    assert told == sorted(told)
    assert told[0] < told[3] < told[8] < sum(each["ms"] for each in sent) == told[-1]
    # Told each 43 ms of the device's time, which began with the first sound.
    assert told[8] - told[3] == pytest.approx(5 * 2048 / 48, abs=1)


def test_short_answers_in_calm_do_not_make_the_next_ones_later() -> None:
    """The end of an answer is no late network: each one used to cost 20 ms more."""
    pushes = [
        {"at_ms": start + push["at_ms"], "ms": push["ms"]}
        for start in range(0, 30_000, 1500)
        for push in in_time(500)
    ]
    how = {"what": "playback", "hz": 1000, "seconds": 30, "pushes": pushes}
    (played,) = run(48_000, how)
    assert {round(each["wanted_ms"]) for each in played["told"]} == {60}


def test_a_network_that_hesitates_is_met_with_more_in_hand_and_calm_with_less() -> None:
    late = [
        {"at_ms": each["at_ms"] + (140 if each["at_ms"] >= 300 else 0), "ms": 20}
        for each in in_time(1000)
    ]
    calm = [
        {"at_ms": start + push["at_ms"], "ms": push["ms"]}
        for start in range(2000, 40_000, 2000)
        for push in in_time(1000)
    ]
    how = {"what": "playback", "hz": 1000, "seconds": 40, "pushes": [*late, *calm]}
    (played,) = run(48_000, how)
    wanted = [each["wanted_ms"] for each in played["told"]]
    assert len(gaps_ms(played["out"][: 48_000 * 2], 48_000)) == 1
    assert 70 < max(wanted) < 200
    assert wanted[-1] < max(wanted)


def test_the_last_words_are_played_even_if_they_are_shorter_than_what_is_wanted_in_hand() -> None:
    pushes = [{"at_ms": 0, "ms": 20}]
    how = {"what": "playback", "hz": 1000, "seconds": 0.3, "pushes": pushes}
    (played,) = run(48_000, how)
    sounds = np.flatnonzero(np.abs(np.array(played["out"])) > 1e-3)
    assert len(sounds) / 48 == pytest.approx(20, abs=3)
