"""A button on a pin: the kernel's structures byte by byte, and a chip that a pipe stands in for."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.hearing.wake import Wake, gpio
from actors.hearing.wake.gpio import EVENT, GET_LINE, open_pin
from actors.hearing.wake.options import GpioPin
from pipeline.errors import DeviceError
from pipeline.testing import stage

RISING, FALLING = 1, 2
SIZE = 592
"""Of `struct gpio_v2_line_request`, which is part of the number of its call."""


class FakeChip:
    """Answers the request for a line with a pipe, or with an error."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.problem = 0
        self.reads, self._writes = os.pipe()

    def ioctl(self, _fd: int, number: int, request: bytearray) -> int:
        assert (number, len(request)) == (GET_LINE, SIZE)
        if self.problem:
            raise OSError(self.problem, os.strerror(self.problem))
        self.requests.append(bytes(request))
        request[588:] = struct.pack("i", os.dup(self.reads))
        return 0

    def says(self, *edges: int) -> None:
        """The level of the pin changed."""
        os.write(self._writes, b"".join(EVENT.pack(1, edge, 17, 1, 1) for edge in edges))

    def close(self) -> None:
        os.close(self.reads)
        os.close(self._writes)


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeChip]:
    fake = FakeChip()
    monkeypatch.setattr(gpio.fcntl, "ioctl", fake.ioctl)
    yield fake
    fake.close()


def pin(tmp_path: Path, **options: Any) -> dict[str, Any]:
    path = tmp_path / "gpiochip0"
    path.touch()
    return {"pin": 17, "chip": path, **options}


def test_the_request_is_what_the_kernel_reads(tmp_path: Path, chip: FakeChip) -> None:
    os.close(open_pin(GpioPin.model_validate(pin(tmp_path, debounce_ms=12.5))))
    os.close(open_pin(GpioPin.model_validate(pin(tmp_path, active_low=False))))
    low, high = chip.requests
    assert struct.unpack_from("=I", low, 0) == (17,), "offsets"
    assert low[256:265] == b"greenroom", "consumer"
    # Active low, input, both edges, pulled up; and: input, both edges, pulled down.
    assert struct.unpack_from("=QI", low, 288) == (0b1_0011_0110, 1)
    assert struct.unpack_from("=QI", high, 288) == (0b10_0011_0100, 1)
    assert struct.unpack_from("=II", low, 320) == (3, 0), "debounce"
    assert struct.unpack_from("=I", low, 328) == (12_500,), "microseconds"
    assert struct.unpack_from("=Q", low, 336) == (1,), "of the first line"
    assert struct.unpack_from("=I", low, 560) == (1,), "lines"


def test_a_button_is_held(tmp_path: Path, chip: FakeChip) -> None:
    with stage(Wake, listen="push_to_talk", gpio=pin(tmp_path)) as wake:
        chip.says(RISING)
        wake.until(lambda: wake.actor.detail == "listens", "a press")
        chip.says(RISING, FALLING)
        wake.until(lambda: wake.actor.detail == "asleep: press to talk", "a release")
        assert wake.actor.counters["opened"] == 1


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (errno.EINVAL, "has no pin 17"),
        (errno.EBUSY, "is in use"),
        (errno.ENOTTY, "is no GPIO chip"),
        (errno.EACCES, "join the group `gpio`"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_pin_that_cannot_be_used_is_told_of(
    tmp_path: Path, chip: FakeChip, problem: int, says: str
) -> None:
    chip.problem = problem
    options = Wake.options_type.model_validate({"listen": "push_to_talk", "gpio": pin(tmp_path)})
    with pytest.raises(DeviceError) as caught:
        Wake.check(options, tmp_path)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"gpio": {"pin": 4, "chip": "/nowhere/gpiochip9"}}, "there is no GPIO chip at all"),
        ({"gpio": {"pin": 4, "chip": "/dev/null"}}, "is no GPIO chip"),
        ({"key": {"device": "/nowhere/pedal", "key": "f13"}}, "plug it in"),
        ({"key": {"device": "/dev", "key": 30}}, "no device of keys"),
        ({"key": {"device": "/etc/hostname", "key": 30}}, "no device of keys"),
    ],
)
def test_a_switch_that_is_not_there_is_told_of(options: dict[str, Any], says: str) -> None:
    made = Wake.options_type.model_validate({"listen": "push_to_talk", **options})
    with pytest.raises(DeviceError) as caught:
        Wake.check(made, Path("/"))
    assert says in str(caught.value)


def test_a_key_that_there_is_not_is_told_of_by_its_nearest_name() -> None:
    with pytest.raises(ValueError, match="KEY_SPACE"):
        Wake.options_type.model_validate({"key": {"device": "/dev/input/event0", "key": "spcae"}})
