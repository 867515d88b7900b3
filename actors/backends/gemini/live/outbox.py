"""What waits to be sent: sound only as long as it is worth hearing, everything else for ever."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from dataclasses import dataclass

from actors.backends.realtime.steps import SendActivity, SendReply, SendText

MOST_AGE_S = 30.0
"""As old as the input `audio` takes it."""
MOST_BYTES = 4_000_000
"""Two minutes of sound, all that a whole turn sent again can be (`audio_ring.MOST_S`)."""


@dataclass(frozen=True, slots=True)
class QueuedSound:
    """PCM16 captured at `origin_ns` (its last sample, monotonic), queued at `queued_ns`."""

    pcm: bytes
    origin_ns: int
    queued_ns: int


@dataclass(frozen=True, slots=True)
class QueuedPicture:
    """The newest picture, whichever it is by the time it can be sent."""


Outgoing = SendActivity | SendText | SendReply | QueuedPicture | QueuedSound


class Outbox:
    """First in, first out. Sound that waits too long, or is too much, goes; the oldest first.

    An activity of which sound was dropped still begins and ends: control is never dropped.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self._waiting: deque[Outgoing] = deque()
        self._sound_bytes = 0
        self._filled = asyncio.Event()
        self._counters = counters

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, outgoing: SendActivity | SendText | SendReply | QueuedPicture) -> None:
        """Queue what is never dropped."""
        self._waiting.append(outgoing)
        self._filled.set()

    def put_sound(self, pcm: bytes, origin_ns: int) -> None:
        """Queue sound, and drop what no longer fits."""
        self._waiting.append(QueuedSound(pcm, origin_ns, time.monotonic_ns()))
        self._sound_bytes += len(pcm)
        self._filled.set()
        while self._overdue(oldest := self._oldest_sound()):
            self._waiting.remove(oldest)
            self._drop(oldest)

    async def get(self) -> Outgoing:
        """Return what is next, once there is something that may still be sent."""
        while True:
            while not self._waiting:
                self._filled.clear()
                await self._filled.wait()
            outgoing = self._waiting.popleft()
            if not isinstance(outgoing, QueuedSound):
                return outgoing
            if not self._overdue(outgoing):
                self._sound_bytes -= len(outgoing.pcm)
                return outgoing
            self._drop(outgoing)

    def _oldest_sound(self) -> QueuedSound:
        return next(each for each in self._waiting if isinstance(each, QueuedSound))

    def _overdue(self, sound: QueuedSound) -> bool:
        age_ns = time.monotonic_ns() - sound.queued_ns
        return self._sound_bytes > MOST_BYTES or age_ns > MOST_AGE_S * 1e9

    def _drop(self, sound: QueuedSound) -> None:
        self._sound_bytes -= len(sound.pcm)
        self._counters["audio_dropped_bytes"] += len(sound.pcm)
