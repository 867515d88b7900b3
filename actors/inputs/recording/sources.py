"""Sample sources: files and standard input, read ahead in blocks by a thread."""

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
from actors.lib.audio.pcm import (
    BLOCK_SAMPLES,
    SAMPLE_BYTES,
    SPEECH_RATE_HZ,
    Samples,
    to_pcm,
    to_samples,
)
from pipeline.errors import DeviceError

BLOCK_BYTES = BLOCK_SAMPLES * SAMPLE_BYTES
AHEAD_BLOCKS = 5 * SPEECH_RATE_HZ // BLOCK_SAMPLES
"""Read so far ahead, 5 s: rides out a slow disk, and an hour-long file needs 160 KB."""
REFILL_BLOCKS = AHEAD_BLOCKS // 2
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
    """Yield raw s16le samples as they come; something empty when none come for a while.

    Raises:
        DeviceError: it is closed, a folder, or fails.
    """
    odd = b""
    while True:
        try:
            readable, _, _ = select.select([descriptor], [], [], POLL_S)
            content = os.read(descriptor, PIPE_BYTES) if readable else None
        except OSError as error:
            raise DeviceError(f"standard input cannot be read: {error.strerror}") from error
        if content is None:
            yield np.zeros(0, np.int16)
            continue
        if not content:
            return
        content = odd + content
        whole = len(content) - len(content) % SAMPLE_BYTES
        odd = content[whole:]
        yield to_samples(content[:whole])


class ReadAhead:
    """Cuts blocks from pieces in a thread, so that the event loop never waits for a disk.

    Args:
        pieces: Of any lengths; the last block may be shorter.
    """

    def __init__(self, pieces: Iterator[Samples]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces = pieces
        self._blocks: deque[bytes] = deque()
        self._over = False
        self._error: Exception | None = None
        self.failure: DeviceError | None = None
        """Why there is no more to read, if it is not the end."""
        self._closed = False
        self._room = threading.Condition()
        self._resting = False
        self._news = asyncio.Event()
        self._awaited = False
        self._thread = threading.Thread(target=self._read, name="read-ahead", daemon=True)
        self._thread.start()

    async def available(self, blocks: int) -> None:
        """Return once so many blocks can be taken, or all that are left.

        Raises:
            Exception: whatever reading raised that is no `DeviceError`.
        """
        try:
            self._awaited = True
            while len(self._blocks) < blocks and not self._over:
                self._news.clear()
                await self._news.wait()
        finally:
            self._awaited = False
        if self._error is not None:
            raise self._error

    def holds(self, blocks: int) -> bool:
        """Whether so many blocks can be taken now."""
        return len(self._blocks) >= blocks and self._error is None

    def read(self) -> bytes:
        """Return the next block, PCM16; nothing if none is there."""
        block = self._blocks.popleft() if self._blocks else b""
        if self._resting and self._may_read_on():
            with self._room:
                self._room.notify()
        return block

    @property
    def exhausted(self) -> bool:
        """Whether everything has been read and taken."""
        return self._over and not self._blocks

    async def close(self) -> None:
        """Stop reading."""
        with self._room:
            self._closed = True
            self._room.notify()
        await asyncio.to_thread(self._thread.join)

    def _may_read_on(self) -> bool:
        return self._closed or len(self._blocks) < REFILL_BLOCKS

    def _read(self) -> None:
        rest = b""
        try:
            for piece in self._pieces:
                if len(self._blocks) >= AHEAD_BLOCKS:
                    with self._room:
                        self._resting = True
                        self._room.wait_for(self._may_read_on)
                        self._resting = False
                if self._closed:
                    return
                rest = self._cut(rest + to_pcm(piece))
        except DeviceError as error:
            self.failure = error
        except Exception as error:  # noqa: BLE001 - raised again where the samples are awaited
            self._error = error
        finally:
            if rest:
                self._blocks.append(rest)
            self._over = True
            self._tell()

    def _cut(self, pcm: bytes) -> bytes:
        """Queue whole blocks; return what is left."""
        whole = len(pcm) - len(pcm) % BLOCK_BYTES
        if whole:
            self._blocks.extend(pcm[at : at + BLOCK_BYTES] for at in range(0, whole, BLOCK_BYTES))
            if self._awaited:
                self._tell()
        return pcm[whole:]

    def _tell(self) -> None:
        if not self._closed:
            self._loop.call_soon_threadsafe(self._news.set)
