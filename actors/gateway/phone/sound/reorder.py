"""Messages of sound in the order of their numbers, where a provider does not keep it."""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from actors.gateway.phone.dialect import LineSound
from actors.gateway.phone.sound.line_encoder import line_silence

WAIT_MS = 60.0
"""Three messages of 20 ms: within a provider RTP is overtaken by one or two packets."""
NEAR = 250
"""Messages, 5 s of sound: a number that is further away is of another count."""
TURNS = (0, 2**16, -(2**16), 2**32, -(2**32))
"""Counters of 16 and of 32 bits, as RTP has, begin again at 0; a late message is of the turn
before."""


class Waiting(NamedTuple):
    """A message that came before its turn."""

    payload: bytes
    came_ns: int


class Reorder:
    """Holds back what overtook a message, until that comes or is taken for lost.

    Times are of one monotonic clock, in nanoseconds. What is lost becomes silence, as far as the
    clock says that sound is missing: some counters count other messages too.

    Args:
        line: Form of the sound.
        counters: Where `sound_overtook`, `sound_lost`, `sound_late` and `sound_doubled` are
            counted, in messages, and `sound_count_restarted`.
        wait_ms: How long a missing message is waited for.
    """

    def __init__(self, line: LineSound, counters: Counter[str], wait_ms: float = WAIT_MS) -> None:
        self._line = line
        self._counters = counters
        self._wait_ns = int(wait_ms * 1e6)
        self._next: int | None = None
        """Number that is due; turns of the counter are added."""
        self._added = 0
        self._waiting: dict[int, Waiting] = {}
        self._lost: deque[int] = deque(maxlen=NEAR)
        self._began_ns = 0
        """When the sound began, by the message that came soonest after its time."""
        self._handed_ns = 0
        """Length of what was handed on."""

    @property
    def due_ns(self) -> int | None:
        """When `overdue` has something to hand on; None if nothing is held back."""
        if not self._waiting:
            return None
        return min(each.came_ns for each in self._waiting.values()) + self._wait_ns

    def take(self, payload: bytes, number: int, now_ns: int) -> list[bytes]:
        """Return what is in order after a message; empty if it has to wait or came before."""
        handed: list[bytes] = []
        due, whole = self._next, self._whole_number(number)
        if due is None or whole is None:
            self._counters["sound_count_restarted"] += due is not None
            handed = self.finish()
            self._next, self._began_ns = number, now_ns
            due = whole = number
        if whole < due or whole in self._waiting:
            self._counters["sound_late" if whole in self._lost else "sound_doubled"] += 1
        else:
            self._waiting[whole] = Waiting(payload, now_ns)
            self._counters["sound_overtook"] += whole > due
        return handed + self._in_order() + self.overdue(now_ns)

    def overdue(self, now_ns: int) -> list[bytes]:
        """Return what has waited for long enough, with silence for what is missing before it."""
        handed: list[bytes] = []
        while self._next is not None and (due_ns := self.due_ns) is not None and due_ns <= now_ns:
            handed += self._silence(min(self._waiting), now_ns)
            handed += self._in_order()
        # Whose first message was slow is not behind by that for ever.
        self._began_ns = min(self._began_ns, now_ns - self._handed_ns - self._waiting_ns())
        return handed

    def finish(self) -> list[bytes]:
        """Return what is held back; the next message begins anew."""
        handed = [self._waiting[number].payload for number in sorted(self._waiting)]
        self._waiting.clear()
        self._lost.clear()
        self._next, self._added, self._handed_ns = None, 0, 0
        return handed

    def _whole_number(self, number: int) -> int | None:
        """Return a number with the turns of its counter; None if it is of another count."""
        if self._next is None:
            return None
        number += self._added - self._next
        turn = min(TURNS, key=lambda each: abs(number + each))
        if abs(number + turn) > NEAR:
            return None
        self._added += max(turn, 0)
        return number + turn + self._next

    def _in_order(self) -> list[bytes]:
        handed = []
        while self._next in self._waiting:
            payload = self._waiting.pop(self._next).payload
            self._handed_ns += self._length_ns(payload)
            handed.append(payload)
            self._next += 1
        return handed

    def _silence(self, until: int, now_ns: int) -> list[bytes]:
        """Take what is missing before a number for lost."""
        assert self._next is not None
        missing = until - self._next
        self._counters["sound_lost"] += missing
        self._lost.extend(range(self._next, until))
        self._next = until
        behind_ns = now_ns - self._began_ns - self._handed_ns - self._waiting_ns()
        length_ns = min(missing * self._length_ns(self._waiting[until].payload), behind_ns)
        if length_ns <= 0:
            return []
        self._handed_ns += length_ns
        return [line_silence(self._line, length_ns / 1e6)]

    def _waiting_ns(self) -> int:
        return sum(self._length_ns(each.payload) for each in self._waiting.values())

    def _length_ns(self, payload: bytes) -> int:
        samples = len(payload) // self._line.sample_bytes
        return samples * 1_000_000_000 // self._line.rate_hz
