"""Blocks of an MCAP file: those that are complete, and what is in one."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.errors import GreenroomError

if TYPE_CHECKING:
    from mcap.records import Message as Record


class Block(NamedTuple):
    """Where a chunk, or a message outside of any, begins in its file."""

    path: Path
    offset: int


def records_of(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield every record that is there as a whole, chunks unopened, and where it begins.

    The seeking reader of `mcap` wants the end of the file, which a killed recorder never wrote.

    Raises:
        GreenroomError: it is no MCAP file.
    """
    from mcap.exceptions import EndOfFile, McapError
    from mcap.stream_reader import StreamReader

    try:
        with path.open("rb") as file:
            offset = file.tell()
            try:
                for record in StreamReader(file, emit_chunks=True).records:
                    yield offset, record
                    offset = file.tell()
            except (EndOfFile, struct.error):
                return
    except (OSError, McapError) as error:
        raise GreenroomError(f"{path} cannot be read as a recording: {error}") from error


def opened(record: Any, path: Path) -> list[Any]:
    """Return what is in a chunk, or the record itself.

    Raises:
        GreenroomError: it is damaged.
    """
    from mcap.exceptions import McapError
    from mcap.records import Chunk
    from mcap.stream_reader import CRCValidationError, breakup_chunk
    from zstandard import ZstdError

    if not isinstance(record, Chunk):
        return [record]
    try:
        return breakup_chunk(record, validate_crc=True)
    except (McapError, ZstdError, CRCValidationError, struct.error) as error:
        raise GreenroomError(
            f"{path} is damaged: {error}; `mcap recover` saves the rest"
        ) from error


def read_block(block: Block) -> list[Record]:
    """Return the messages of a block.

    Raises:
        GreenroomError: the file is not what it was.
    """
    from mcap.exceptions import McapError
    from mcap.records import Message as Record
    from mcap.stream_reader import StreamReader

    try:
        with block.path.open("rb") as file:
            file.seek(block.offset)
            record = next(StreamReader(file, skip_magic=True, emit_chunks=True).records)
            return [each for each in opened(record, block.path) if isinstance(each, Record)]
    except (OSError, McapError, struct.error) as error:
        raise GreenroomError(f"{block.path} was changed while it was read: {error}") from error
