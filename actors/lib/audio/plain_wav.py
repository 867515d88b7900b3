"""WAV files of 16-bit samples, read without FFmpeg, which would cost 17 MiB."""

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
        channels: One after the other in each sample.
        begin: First byte.
        samples: How many.
    """

    rate_hz: int
    channels: int
    begin: int
    samples: int


def find_plain_wav(path: Path, rate_hz: int | None = None) -> PlainSound | None:
    """Return where mono samples are; None if there are none, or the file is FFmpeg's to read.

    Args:
        path: The file.
        rate_hz: The rate it must have; None: any.
    """
    try:
        with path.open("rb") as file:
            sound = find_samples(file, os.fstat(file.fileno()).st_size)
    except OSError:
        return None
    if sound is None or sound.channels != 1 or not sound.samples:
        return None
    return sound if rate_hz in (None, sound.rate_hz) else None


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


def find_samples(file: BinaryIO, size: int) -> PlainSound | None:
    """Return where the samples of a WAV file are; None if it is another, or they are no 16 bits.

    Args:
        file: The file, or its beginning.
        size: How many bytes there are.
    """
    begin = _after_tag(file)
    start = _read(file, begin, 12)
    if (start[:4], start[8:]) != (b"RIFF", b"WAVE"):
        return None
    at, form = begin + 12, None
    for _ in range(MOST_CHUNKS):
        header = _read(file, at, 8)
        if len(header) < 8:
            return None
        name, length = header[:4], int.from_bytes(header[4:], "little")
        begin = at + 8
        if name == b"fmt ":
            form = _form(_read(file, begin, min(length, 40)))
            if form is None:
                return None
        elif name == b"data":
            rest = size - begin
            length = rest if length in TO_THE_END else min(length, rest)
            if form is None:
                return None
            rate_hz, channels = form
            return PlainSound(rate_hz, channels, begin, length // (SAMPLE_BYTES * channels))
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


def _form(header: bytes) -> tuple[int, int] | None:
    """Return rate and channels of 16-bit samples; None if they are others."""
    if len(header) < _FORMAT.size:
        return None
    tag, channels, rate_hz, _, align, bits = _FORMAT.unpack_from(header)
    if tag == EXTENSIBLE and header[24:40] == PCM_GUID:
        tag = PCM
    is_plain = (tag, align, bits) == (PCM, SAMPLE_BYTES * channels, 16)
    return (rate_hz, channels) if is_plain and rate_hz and channels else None


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
