"""Hands over blocks of sound when their last sample is due, as a device would, to the 0.1 ms."""

from __future__ import annotations

import asyncio
import ctypes
import heapq
import os
import struct
import time
from collections.abc import Callable

RATE_HZ = 16_000
CHUNK_SAMPLES = 320
CHUNK_BYTES = 2 * CHUNK_SAMPLES
CHUNK_NS = 20_000_000
LEAD_NS = 100_000_000
"""From the call to the first sample: nothing is late before it began."""
CLOCK_MONOTONIC = 1
TFD_NONBLOCK = os.O_NONBLOCK
TFD_ABSTIME = 1


class Feeder:
    """Feeds any number of sessions from the event loop.

    A timer of the kernel wakes the loop, because the loop's own ones are up to a millisecond late.
    A loop that is busy gets its blocks late; the time that counts is when they were due.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._due: list[tuple[int, int, int]] = []
        self._sounds: list[bytes] = []
        self._ears: list[Callable[[bytes], None]] = []
        self._finished = asyncio.Event()

    async def feed(
        self,
        sounds: list[bytes],
        ears: list[Callable[[bytes], None]],
        begun: Callable[[list[int]], None],
    ) -> None:
        """Feed each sound to the ear at its side; return when all have been heard.

        Args:
            sounds: PCM16 at 16 kHz.
            ears: Takes a block of 20 ms.
            begun: Told when sample 0 of each is captured, in monotonic ns, before it is.
        """
        self._sounds, self._ears = sounds, ears
        now_ns = time.monotonic_ns() + LEAD_NS
        zeros_ns = [now_ns + CHUNK_NS * index // len(sounds) for index in range(len(sounds))]
        begun(zeros_ns)
        self._due = [(zero_ns + CHUNK_NS, index, 0) for index, zero_ns in enumerate(zeros_ns)]
        heapq.heapify(self._due)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._fd, self._on_timer)
        self._arm()
        await self._finished.wait()
        loop.remove_reader(self._fd)
        os.close(self._fd)

    def _on_timer(self) -> None:
        os.read(self._fd, 8)
        while self._due and self._due[0][0] <= time.monotonic_ns():
            due_ns, index, start = heapq.heappop(self._due)
            sound = self._sounds[index]
            self._ears[index](sound[start : start + CHUNK_BYTES])
            if start + 2 * CHUNK_BYTES <= len(sound):
                heapq.heappush(self._due, (due_ns + CHUNK_NS, index, start + CHUNK_BYTES))
        if self._due:
            self._arm()
        else:
            self._finished.set()

    def _arm(self) -> None:
        seconds, ns = divmod(self._due[0][0], 1_000_000_000)
        # struct itimerspec: no interval, then the time.
        spec = struct.pack("@llll", 0, 0, seconds, ns)
        if self._libc.timerfd_settime(self._fd, TFD_ABSTIME, spec, None) < 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")
