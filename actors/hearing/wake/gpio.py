"""A button on a GPIO pin, by the kernel's character device (linux/gpio.h, version 2 of it).

No library is needed, and none of the older ways, which recent kernels lack.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from actors.hearing.wake.options import GpioPin
from pipeline.errors import DeviceError

GET_LINE = 0xC250B407
"""`GPIO_V2_GET_LINE_IOCTL`: _IOWR(0xB4, 7, struct gpio_v2_line_request), of 592 bytes."""
ACTIVE_LOW, INPUT, RISING, FALLING, PULL_UP, PULL_DOWN = (1 << bit for bit in (1, 2, 4, 5, 8, 9))
"""`GPIO_V2_LINE_FLAG_...`."""
DEBOUNCE = 3
"""`GPIO_V2_LINE_ATTR_ID_DEBOUNCE`; its value is in microseconds."""
REQUEST = struct.Struct("=64I32sQI20xI4xI4xQ216xII20xi")
"""`struct gpio_v2_line_request`: offsets; consumer; flags, number of attributes, and the first of
ten: id, value, lines; number of lines; size of the event buffer; descriptor."""
EVENT = struct.Struct("=QIIII24x")
"""`struct gpio_v2_line_event`: time, what, which line, two counts."""
WENT_ACTIVE, WENT_INACTIVE = 1, 2
"""`GPIO_V2_LINE_EVENT_RISING_EDGE` and `..._FALLING_EDGE`, of the logical level."""


def open_pin(button: GpioPin) -> int:
    """Return a descriptor from which the events of a pin are read, without blocking.

    Raises:
        DeviceError: there is no such chip or pin, it is in use, or may not be used.
    """
    pull = PULL_UP if button.active_low else PULL_DOWN
    low = ACTIVE_LOW if button.active_low else 0
    request = bytearray(
        REQUEST.pack(
            *(button.pin, *(0 for _ in range(63))),
            b"greenroom",
            *(INPUT | RISING | FALLING | pull | low, 1),
            *(DEBOUNCE, round(button.debounce_ms * 1000), 1),
            *(1, 0, -1),
        )
    )
    try:
        with closing(_Chip(button.chip)) as chip:
            fcntl.ioctl(chip.fd, GET_LINE, request)
    except OSError as error:
        raise DeviceError(f"gpio: {_why(error, button)}") from error
    fd = int(REQUEST.unpack(request)[-1])
    os.set_blocking(fd, False)
    return fd


def presses(block: bytes) -> Iterator[bool]:
    """Yield whether the button was pressed or released, by whole events of its pin."""
    whole = block[: len(block) // EVENT.size * EVENT.size]
    for _, what, _, _, _ in EVENT.iter_unpack(whole):
        if what in (WENT_ACTIVE, WENT_INACTIVE):
            yield what == WENT_ACTIVE


class _Chip:
    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def close(self) -> None:
        os.close(self.fd)


def _why(error: OSError, button: GpioPin) -> str:
    match error.errno:
        case errno.ENOENT:
            there = ", ".join(sorted(map(str, button.chip.parent.glob("gpiochip*"))))
            return f"there is no {button.chip}; there is {there or 'no GPIO chip at all'}"
        case errno.EACCES | errno.EPERM:
            return f"{button.chip} may not be used: join the group `gpio`"
        case errno.EINVAL:
            return f"{button.chip} has no pin {button.pin}: `gpioinfo` lists what it has"
        case errno.EBUSY:
            return f"pin {button.pin} of {button.chip} is in use: `gpioinfo` says by whom"
        case errno.ENOTTY:
            return f"{button.chip} is no GPIO chip: name one such as /dev/gpiochip0"
    return f"{button.chip}: {error.strerror}"
