"""The switches to hold that the options name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from actors.hearing.wake.gpio import open_pin, presses
from actors.hearing.wake.input_keys import open_keys, strokes
from actors.hearing.wake.options import WakeOptions


class NamedSwitch(NamedTuple):
    """How a switch is read.

    Attributes:
        name: Of its option.
        opens: Returns a descriptor that does not block; raises `DeviceError`.
        strokes: Finds in what was read whether it was pressed or released.
    """

    name: str
    opens: Callable[[], int]
    strokes: Callable[[bytes], Iterator[bool]]


def named_switches(options: WakeOptions) -> Iterator[NamedSwitch]:
    """Yield the pin and the key, if there are any."""
    if options.gpio is not None:
        yield NamedSwitch("gpio", partial(open_pin, options.gpio), presses)
    if (key := options.key) is not None:
        yield NamedSwitch("key", partial(open_keys, key.device), partial(strokes, key=key.key))
