"""WAV files of 16-bit mono samples, read without FFmpeg, which would cost 17 MiB."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from actors.lib.audio.pcm import SAMPLE_BYTES, Samples, to_samples

PIECE_SAMPLES = 4096
"""A quarter of a second at 16 kHz."""
PCM, EXTENSIBLE = 1, 0xFFFE
PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")
"""WAVE_FORMAT_PCM as the sub-format of an extensible header."""
TO_THE_END = (0, 0xFFFFFFFF)
"""Sizes written by programs that could not go back to the header; FFmpeg too reads on to the end
of the file."""
MOST_CHUNKS = 64
"""Ten are usual (BWF, cue points, tags); a file with more is FFmpeg's to judge."""

_FORMAT = struct.Struct("<HHIIHH")


class PlainSound(NamedTuple):
    """Where the samples of a file are.

    Attributes:
        rate_hz: Samples per second.
        begin: First byte.
        samples: How many.
    """

    rate_hz: int
    begin: int
    samples: int


def find_plain_wav(path: Path, rate_hz: int | None = None) -> PlainSound | None:
    """Return where the samples are; None if there are none, or the file is FFmpeg's to read.

    Args:
        path: The file.
        rate_hz: The rate it must have; None: any.
    """
    try:
        with path.open("rb") as file:
            sound = _find(file, os.fstat(file.fileno()).st_size)
    except OSError:
        return None
    fits = sound is not None and sound.samples > 0 and rate_hz in (None, sound.rate_hz)
    return sound if fits else None


def read_plain_wav(path: Path, sound: PlainSound) -> Iterator[Samples]:
    """Yield the samples of a file at its own rate; one that was cut short meanwhile ends early."""
    left = sound.samples
    with path.open("rb") as file:
        file.seek(sound.begin)
        while left:
            content = file.read(min(left, PIECE_SAMPLES) * SAMPLE_BYTES)
            samples = to_samples(content[: len(content) // SAMPLE_BYTES * SAMPLE_BYTES])
            if not len(samples):
                return
            left -= len(samples)
            yield samples


def _find(file: BinaryIO, size: int) -> PlainSound | None:
    begin = _after_tag(file)
    start = _read(file, begin, 12)
    if (start[:4], start[8:]) != (b"RIFF", b"WAVE"):
        return None
    at, rate_hz = begin + 12, 0
    for _ in range(MOST_CHUNKS):
        header = _read(file, at, 8)
        if len(header) < 8:
            return None
        name, length = header[:4], int.from_bytes(header[4:], "little")
        begin = at + 8
        if name == b"fmt ":
            rate_hz = _mono_rate_hz(_read(file, begin, min(length, 40)))
            if not rate_hz:
                return None
        elif name == b"data":
            rest = size - begin
            length = rest if length in TO_THE_END else min(length, rest)
            return PlainSound(rate_hz, begin, length // SAMPLE_BYTES) if rate_hz else None
        at = begin + length
        at += length % 2 and _is_padded(file, at)
    return None


def _after_tag(file: BinaryIO) -> int:
    """Return where the file proper begins: programs for tags put ID3 before whatever it is."""
    tag = _read(file, 0, 10)
    if len(tag) < 10 or tag[:3] != b"ID3":
        return 0
    size = 0
    for byte in tag[6:]:
        size = size << 7 | byte & 0x7F
    return len(tag) + size


def _is_padded(file: BinaryIO, end: int) -> bool:
    """Whether a chunk of odd length has its byte of padding; some programs leave it out."""
    name = _read(file, end, 4)
    return not (name.isascii() and name.strip().isalnum())


def _mono_rate_hz(header: bytes) -> int:
    """Return the rate of 16-bit mono samples; 0 if they are others."""
    if len(header) < _FORMAT.size:
        return 0
    tag, channels, rate_hz, _, align, bits = _FORMAT.unpack_from(header)
    if tag == EXTENSIBLE and header[24:40] == PCM_GUID:
        tag = PCM
    return rate_hz if (tag, channels, align, bits) == (PCM, 1, SAMPLE_BYTES, 16) else 0


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
