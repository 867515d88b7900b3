"""WAV files of whole numbers, read without FFmpeg, which costs 17 MiB and holds sound back."""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Iterator
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
        width: Bytes of each.
        goes_on: More is announced than there is, or how much was not known.
    """

    rate_hz: int
    channels: int
    begin: int
    samples: int
    width: int = SAMPLE_BYTES
    goes_on: bool = False


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


def find_samples(
    file: BinaryIO, size: int, widths: Collection[int] = (SAMPLE_BYTES,)
) -> PlainSound | None:
    """Return where the samples of a WAV file are; None if it is another, or they are others.

    Args:
        file: The file, or its beginning.
        size: How many bytes there are.
        widths: Bytes that a sample may have.
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
            if form is None or form[2] not in widths:
                return None
        elif name == b"data":
            rest = size - begin
            goes_on = length in TO_THE_END or length > rest
            length = rest if goes_on else length
            if form is None:
                return None
            rate_hz, channels, width = form
            return PlainSound(
                rate_hz, channels, begin, length // (width * channels), width, goes_on
            )
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


def _form(header: bytes) -> tuple[int, int, int] | None:
    """Return rate, channels and bytes of a sample; None if they are no whole numbers."""
    if len(header) < _FORMAT.size:
        return None
    tag, channels, rate_hz, _, align, bits = _FORMAT.unpack_from(header)
    if tag == EXTENSIBLE and header[24:40] == PCM_GUID:
        tag = PCM
    width = bits // 8
    is_plain = (tag, align, bits) == (PCM, width * channels, width * 8)
    return (rate_hz, channels, width) if is_plain and rate_hz and align else None


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
