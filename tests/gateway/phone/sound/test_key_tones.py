"""Keys are recognised by what exchanges recognise them by: Goertzel's filters, ITU-T Q.23, Q.24."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from actors.gateway.phone.dialect import Encoding, LineSound
from actors.gateway.phone.sound.key_tones import UnknownKeyError, key_tones
from actors.gateway.phone.sound.line_decoder import LineDecoder
from actors.gateway.phone.sound.line_encoder import LineEncoder

RATE = 8000
KEYS = {
    (697, 1209): "1", (697, 1336): "2", (697, 1477): "3", (697, 1633): "A",
    (770, 1209): "4", (770, 1336): "5", (770, 1477): "6", (770, 1633): "B",
    (852, 1209): "7", (852, 1336): "8", (852, 1477): "9", (852, 1633): "C",
    (941, 1209): "*", (941, 1336): "0", (941, 1477): "#", (941, 1633): "D",
}  # fmt: skip
LOWS, HIGHS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
BLOCK = 80
"""10 ms."""


def dbm0(samples: NDArray[np.float64], hz: float) -> float:
    """Level of a tone by Goertzel's recurrence; 3.17 dBm0 is a sine at full scale."""
    turn = 2 * math.cos(2 * math.pi * hz / RATE)
    last = before = 0.0
    for sample in samples:
        last, before = float(sample) + turn * last - before, last
    power = last * last + before * before - turn * last * before
    amplitude = 2 * math.sqrt(max(power, 1e-9)) / len(samples)
    return 20 * math.log10(amplitude / 32_768) + 3.17


def on_line(keys: str, encoding: Encoding) -> NDArray[np.float64]:
    """What an exchange gets at 8 kHz, decoded by the tables of another room's ear."""
    line = LineSound(encoding, RATE)
    encoder = LineEncoder(line)
    payload = encoder.feed(key_tones(keys)) + encoder.flush()
    heard = LineDecoder(line).feed(payload)[::2]  # Telephone sound has nothing above 4 kHz.
    return heard.astype(float)


def spans(samples: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Where there is sound: begin and end, in ms."""
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK)
    sounds = np.concatenate([[False], np.abs(blocks).max(axis=1) > 1000, [False]])
    edges = np.flatnonzero(np.diff(sounds.astype(int))) * 10
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def recognised(samples: NDArray[np.float64]) -> str:
    keys = ""
    for begin, end in spans(samples):
        middle = samples[begin * 8 + 160 : end * 8 - 160]
        low, high = (max(group, key=lambda hz: dbm0(middle, hz)) for group in (LOWS, HIGHS))
        others = [hz for hz in LOWS + HIGHS if hz not in (low, high)]
        strongest = max(dbm0(middle, hz) for hz in others)
        assert min(dbm0(middle, low), dbm0(middle, high)) - strongest > 15
        keys += KEYS[low, high]
    return keys


@pytest.mark.parametrize("encoding", list(Encoding))
def test_an_exchange_recognises_every_key(encoding: Encoding) -> None:
    every = "0123456789*#ABCD"
    assert recognised(on_line(every, encoding)) == every
    assert recognised(on_line("1155a", encoding)) == "1155A"


def test_tones_have_the_length_and_the_levels_of_the_recommendations() -> None:
    samples = on_line("42", Encoding.MULAW)
    (first, last), (second, _) = spans(samples)
    assert last - first == pytest.approx(100, abs=10)
    assert second - last == pytest.approx(100, abs=10)
    middle = samples[first * 8 + 80 : first * 8 + 720]
    assert dbm0(middle, 770) == pytest.approx(-11, abs=0.5)
    assert dbm0(middle, 1209) == pytest.approx(-9, abs=0.5)


def test_tones_begin_and_end_without_a_click() -> None:
    samples = key_tones("5").astype(int)
    steepest = np.abs(np.diff(samples)).max()
    assert abs(samples[0]) <= steepest
    assert np.abs(np.diff(samples)[:24]).max() < steepest / 2, "the first ms"


def test_pauses_between_keys() -> None:
    (_, first), (second, _), (third, _) = spans(on_line("1w2,3", Encoding.ALAW))
    assert second - first == pytest.approx(600, abs=10)
    assert third - second == pytest.approx(100 + 100 + 2000, abs=10)


@pytest.mark.parametrize("keys", ["x", "12 3", "E", "+49", "é"])
def test_a_key_that_no_telephone_has_is_refused(keys: str) -> None:
    with pytest.raises(UnknownKeyError, match="no key"):
        key_tones(keys)


def test_no_keys_are_no_sound() -> None:
    assert len(key_tones("")) == 0
