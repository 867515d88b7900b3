"""Keys that the person presses: gathered, and told to the model in one piece."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable
from dataclasses import dataclass

PAUSE_S = 1.5
"""After so long without another key a number is taken to be whole: people read long ones from a
card in groups, with pauses of about a second."""
ENDS = "#"
"""The key with which people are used to end a number."""


@dataclass(frozen=True)
class KeysAsked:
    """A function of the model's waits for keys.

    Attributes:
        call_id: Of its call.
        answer: Told those that were pressed.
        most: As many are all.
        ends: A key that ends them, and is not told itself; empty: none does.
    """

    call_id: str
    answer: Callable[[str], None]
    most: int
    ends: str


class PressedKeys:
    """Gathers keys.

    Args:
        later: Runs something after so many seconds.
        tell: Told keys that nobody asked for.
    """

    def __init__(
        self,
        later: Callable[[float, Callable[[], None]], TimerHandle],
        tell: Callable[[str], None],
    ) -> None:
        self._later = later
        self._tell = tell
        self._keys = ""
        self._asked: KeysAsked | None = None
        self._timer: TimerHandle | None = None

    def press(self, key: str) -> None:
        """A key was pressed."""
        ends, most = (ENDS, 0) if self._asked is None else (self._asked.ends, self._asked.most)
        if self._asked is not None and ends and key == ends:
            self._done()
            return
        self._keys += key
        if key == ends or len(self._keys) == most:
            self._done()
        elif self._asked is None:
            self._wait(PAUSE_S)

    def ask(self, asked: KeysAsked, seconds: float) -> None:
        """Give the keys that come next to who asks; those that were pressed just now count."""
        if self._asked is not None:
            self._done()
        self._asked = asked
        if len(self._keys) >= asked.most:
            self._done()
        else:
            self._wait(seconds)

    def withdraw(self, call_id: str) -> None:
        """The model does not wait for keys any more: they are told it as those nobody asked for."""
        if self._asked is not None and self._asked.call_id == call_id:
            self._asked = None
            self._wait(PAUSE_S)

    def close(self) -> None:
        """Wait for nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, seconds: float) -> None:
        self.close()
        self._timer = self._later(seconds, self._done)

    def _done(self) -> None:
        self.close()
        keys, self._keys = self._keys, ""
        asked, self._asked = self._asked, None
        if asked is not None:
            asked.answer(keys)
        elif keys:
            self._tell(keys)
