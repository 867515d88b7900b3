"""Sample sources: files and standard input, read ahead in a thread."""

from __future__ import annotations

import asyncio
import os
import select
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from actors.lib.audio.decode import decode
from actors.lib.audio.pcm import SAMPLE_BYTES, SPEECH_RATE_HZ, Samples, to_samples

AHEAD_SAMPLES = 5 * SPEECH_RATE_HZ
"""Read so far ahead: rides out a slow disk, and an hour-long file needs 160 KB."""
REFILL_SAMPLES = AHEAD_SAMPLES // 2
"""Read on when so much is left: the reader wakes up every few seconds and not for every block."""
POLL_S = 0.1
"""How soon a reader of standard input notices that it is no longer wanted."""
PIPE_BYTES = 65_536
"""What a pipe of Linux holds."""


def read_file(path: Path, skip: int, on_damage: Callable[[str], None]) -> Iterator[Samples]:
    """Yield the sound of a file from sample `skip` on."""
    for piece in decode(path, on_damage=on_damage):
        rest = piece[skip:]
        skip -= len(piece) - len(rest)
        yield rest


def read_descriptor(descriptor: int) -> Iterator[Samples]:
    """Yield raw s16le samples as they come; something empty when none come for a while."""
    odd = b""
    while True:
        readable, _, _ = select.select([descriptor], [], [], POLL_S)
        if not readable:
            yield np.zeros(0, np.int16)
            continue
        content = os.read(descriptor, PIPE_BYTES)
        if not content:
            return
        content = odd + content
        whole = len(content) - len(content) % SAMPLE_BYTES
        odd = content[whole:]
        yield to_samples(content[:whole])


class ReadAhead:
    """Pulls pieces from an iterator in a thread, so that the event loop never waits for a disk."""

    def __init__(self, pieces: Iterator[Samples]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces = pieces
        self._buffer: deque[Samples] = deque()
        self._buffered = 0
        self._over = False
        self._error: Exception | None = None
        self._closed = False
        self._room = threading.Condition()
        self._news = asyncio.Event()
        self._thread = threading.Thread(target=self._read, name="read-ahead", daemon=True)
        self._thread.start()

    async def available(self, samples: int) -> None:
        """Return once so many samples can be taken, or all that are left.

        Raises:
            Exception: whatever reading raised.
        """
        while self._buffered < samples and not self._over:
            self._news.clear()
            await self._news.wait()
        if self._error is not None:
            raise self._error

    def holds(self, samples: int) -> bool:
        """Whether so many samples can be taken now."""
        return self._buffered >= samples and self._error is None

    def read(self, samples: int) -> Samples:
        """Return at most so many samples of those that are there."""
        taken: list[Samples] = []
        with self._room:
            while self._buffer and samples:
                piece = self._buffer.popleft()
                if len(piece) > samples:
                    self._buffer.appendleft(piece[samples:])
                    piece = piece[:samples]
                samples -= len(piece)
                self._buffered -= len(piece)
                taken.append(piece)
            if self._may_read_on():
                self._room.notify()
        if len(taken) == 1:
            return taken[0]
        return np.concatenate(taken) if taken else np.zeros(0, np.int16)

    @property
    def exhausted(self) -> bool:
        """Whether everything has been read and taken."""
        return self._over and not self._buffered

    async def close(self) -> None:
        """Stop reading."""
        with self._room:
            self._closed = True
            self._room.notify()
        await asyncio.to_thread(self._thread.join)

    def _may_read_on(self) -> bool:
        return self._closed or self._buffered < REFILL_SAMPLES

    def _read(self) -> None:
        try:
            for piece in self._pieces:
                with self._room:
                    if self._buffered >= AHEAD_SAMPLES:
                        self._room.wait_for(self._may_read_on)
                    if self._closed:
                        return
                    if len(piece):
                        self._buffer.append(piece)
                        self._buffered += len(piece)
                self._tell()
        except Exception as error:  # noqa: BLE001 - raised again where the samples are awaited
            self._error = error
        finally:
            self._over = True
            self._tell()

    def _tell(self) -> None:
        if not self._closed:
            self._loop.call_soon_threadsafe(self._news.set)
