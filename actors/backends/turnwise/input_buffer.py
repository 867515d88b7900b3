"""What a turn is answered from: the sound that has come, and the newest picture."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from actors.backends.audio_ring import AudioRing

PICTURE_LIFE_S = 30.0
"""An older picture shows what was, not what the user talks about."""
SOUND_PATIENCE_S = 1.0
"""The end of a turn comes on another socket than its sound, and may overtake it a little."""


@dataclass(frozen=True)
class Picture:
    """A JPEG file and when it came, in monotonic seconds."""

    jpeg: bytes
    came_s: float


class InputBuffer:
    """Keeps sound in the ring of its session, and tells those who wait for it."""

    def __init__(self, ring: AudioRing) -> None:
        self._ring = ring
        self._picture: Picture | None = None
        self._arrivals: list[tuple[int, asyncio.Future[None]]] = []

    def append(self, position: int, pcm: bytes, hold_from: int | None) -> None:
        """Keep a block of the microphone; args as of `AudioRing.append`."""
        self._ring.append(position, pcm, hold_from)
        if self._arrivals:
            for end, arrival in self._arrivals:
                if self._ring.end >= end and not arrival.done():
                    arrival.set_result(None)

    def show(self, jpeg: bytes) -> None:
        """Keep a picture; only the newest counts."""
        self._picture = Picture(jpeg, time.monotonic())

    def picture(self) -> bytes | None:
        """The newest picture, if it is still worth showing."""
        picture = self._picture
        if picture is None or time.monotonic() - picture.came_s > PICTURE_LIFE_S:
            return None
        return picture.jpeg

    async def sound(self, spans: tuple[tuple[int, int], ...]) -> bytes:
        """Return these spans of samples, once all is here or not to be expected any more."""
        await self._wait_for(max((end for _, end in spans), default=0))
        return b"".join(self._ring.cut(*span) for span in spans)

    async def _wait_for(self, position: int) -> None:
        if self._ring.end >= position:
            return
        arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (position, arrival)
        self._arrivals.append(waiting)
        try:
            await asyncio.wait([arrival], timeout=SOUND_PATIENCE_S)
        finally:
            self._arrivals.remove(waiting)
