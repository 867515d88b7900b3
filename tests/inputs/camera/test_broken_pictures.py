"""A camera or film of which some pictures, or all, cannot be read."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from pictures import grey

from actors.inputs.camera import reader
from actors.inputs.camera.reader import Shot, shots
from actors.inputs.camera.source import PictureSource, SourceKind
from pipeline.errors import DeviceError

RATE_HZ = 1000.0
"""Of the film; a camera asked for a thousand million gives each of its pictures."""


class Capture:
    """Gives pictures, of which those can be read that `is_good` says."""

    def __init__(self, count: int, is_good: Callable[[int], bool]) -> None:
        self._left = count
        self._is_good = is_good
        self._number = -1

    def grab(self) -> bool:
        self._left -= 1
        self._number += 1
        return self._left >= 0

    def retrieve(self) -> tuple[bool, Any]:
        return (True, grey(50)) if self._is_good(self._number) else (False, None)

    def get(self, _property: int) -> float:
        return self._number / RATE_HZ * 1000

    def set(self, _property: int, _value: float) -> None:
        pass

    def release(self) -> None:
        pass


def taken(
    kind: SourceKind,
    capture: Capture,
    monkeypatch: pytest.MonkeyPatch,
    rate_hz: float = RATE_HZ,
) -> tuple[list[Shot], list[str], str]:
    """Return the pictures that came, the damage that was told, and how it ended."""
    monkeypatch.setattr(reader, "open_capture", lambda _source: capture)
    damage: list[str] = []
    got: list[Shot] = []
    source = PictureSource(kind, "video0")
    try:
        got.extend(shots(source, rate_hz, time.monotonic_ns(), Event(), damage.append))
    except DeviceError as error:
        return got, damage, str(error)
    return got, damage, ""


@pytest.mark.parametrize(
    ("kind", "rate_hz", "end"),
    [(SourceKind.FILE, RATE_HZ, ""), (SourceKind.DEVICE, 1e9, "has stopped giving pictures")],
)
def test_only_what_cannot_be_read_is_left_out_and_told(
    kind: SourceKind, rate_hz: float, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    got, damage, ended = taken(kind, Capture(20, lambda n: n % 4 != 1), monkeypatch, rate_hz)
    assert (len(got), len(damage)) == (15, 5)
    assert all("cannot be read" in each for each in damage)
    assert end in ended


def test_a_camera_that_is_rarely_looked_at_is_not_gone_for_one_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_second_later = itertools.count(0, 10**9)
    monkeypatch.setattr(reader, "time", SimpleNamespace(monotonic_ns=a_second_later.__next__))
    got, damage, ended = taken(SourceKind.DEVICE, Capture(20, lambda n: n != 9), monkeypatch, 0.1)
    assert (len(got), len(damage)) == (3, 1)
    assert "has stopped giving pictures" in ended


def test_a_camera_that_gives_none_that_can_be_read_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "NETWORK_TIMEOUT_MS", 0)
    got, damage, ended = taken(SourceKind.DEVICE, Capture(1 << 30, lambda _: False), monkeypatch)
    assert not got
    assert damage
    assert "gives no picture that can be read" in ended
