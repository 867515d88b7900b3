"""A WAV file that can be read at any moment, also after a SIGKILL."""

from __future__ import annotations

import fcntl
import os
import stat
import struct
from pathlib import Path

from actors.lib.audio.pcm import SAMPLE_BYTES, Samples, to_pcm
from pipeline.errors import DeviceError

HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
MOST_BYTES = 2**32 - 1 - HEADER.size
"""A WAV file counts in 32 bits: 24 hours at 24 kHz. What follows is in the file all the same, and
most readers take a full count for 'to the end'."""


class WavFile:
    """16-bit mono; the header is renewed after every block, which costs one more system call."""

    def __init__(self, path: Path, rate_hz: int, *, append: bool) -> None:
        """Open the file, making its folder.

        Args:
            path: Where.
            rate_hz: Samples per second.
            append: Go on at the end of what is there instead of starting over.

        Raises:
            DeviceError: it cannot be written, or something else is writing it.
        """
        self.path = path
        self._rate_hz = rate_hz
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                self._begin(append=append)
            except BaseException:
                os.close(self._file)
                raise
        except OSError as error:
            raise DeviceError(
                f"cannot write {path}: {error.strerror}; choose another path"
            ) from error

    @property
    def samples(self) -> int:
        """Samples in the file."""
        return self._bytes // SAMPLE_BYTES

    def write(self, samples: Samples) -> None:
        """Append samples.

        Raises:
            OSError: the disk is full, or gone; what was written before stays readable.
        """
        pcm = to_pcm(samples)
        written = os.pwrite(self._file, pcm, HEADER.size + self._bytes)
        self._bytes += written // SAMPLE_BYTES * SAMPLE_BYTES
        self._write_header()
        if written < len(pcm):
            raise OSError(f"only {written} of {len(pcm)} bytes fitted")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _begin(self, *, append: bool) -> None:
        if stat.S_ISREG(os.fstat(self._file).st_mode):
            self._lock()
            if not append:
                os.ftruncate(self._file, 0)
        size = os.fstat(self._file).st_size - HEADER.size
        self._bytes = max(0, size) // SAMPLE_BYTES * SAMPLE_BYTES
        self._write_header()

    def _lock(self) -> None:
        """Keep others from the file until it is closed, or the process dies, however it dies.

        By the file and not by its name: links and containers give it others.
        """
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DeviceError(
                f"{self.path} is being written by another output, perhaps of another pipeline: "
                "stop that one, or choose another path"
            ) from error
        except OSError:
            # Some network file systems know no locks; the file is written there all the same.
            pass

    def _write_header(self) -> None:
        data = min(self._bytes, MOST_BYTES)
        header = HEADER.pack(
            b"RIFF",
            data + HEADER.size - 8,
            b"WAVE",
            b"fmt ",
            16,
            1,
            1,
            self._rate_hz,
            self._rate_hz * SAMPLE_BYTES,
            SAMPLE_BYTES,
            SAMPLE_BYTES * 8,
            b"data",
            data,
        )
        os.pwrite(self._file, header, 0)
