"""The newest of what is known by name."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

ValueT = TypeVar("ValueT")

KEPT_OVER = 300
"""Turns remembered as over, so that speech heard again is not answered again: more than the
speech events retained for 30 s can name."""


class Newest(OrderedDict[str, ValueT]):
    """Forgets the oldest name when there are more than `most`."""

    def __init__(self, most: int = KEPT_OVER) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, name: str, value: ValueT) -> None:
        super().__setitem__(name, value)
        if len(self) > self._most:
            self.popitem(last=False)
